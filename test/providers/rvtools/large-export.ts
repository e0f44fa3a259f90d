/** Writes a synthetic export of any size, row by row, with as many columns as RVTools writes. */
import { COLUMNS } from './sample.ts';
import { type Value, writeXlsx } from './xlsx-writer.ts';

/** Sheet → rows a VM, and the cells that matter. Every other column is filled with the text that is typical of exports. */
const SHEETS: Readonly<Record<string, (vm: number) => readonly Readonly<Record<string, Value>>[]>> = {
  vInfo: () => [{ Powerstate: 'poweredOn', Template: false, CPUs: 4, Memory: 8192, Firmware: 'efi', CBT: true }],
  vCPU: () => [{ Sockets: 2, 'Cores p/s': 2, Limit: -1 }],
  vMemory: () => [{ Reservation: 0, Limit: -1 }],
  vDisk: (vm) => [0, 1].map((unit) => disk(vm, unit)),
  vPartition: () =>
    ['C:\\', 'D:\\', 'E:\\'].map((path) => ({ Disk: path, 'Disk Key': 2000, 'Capacity MiB': 9000, 'Free MiB': 800 })),
  vNetwork: (vm) => [{ 'NIC label': 'Network adapter 1', Adapter: 'Vmxnet3', Network: `vlan-${vm % 500}`, Connected: true }],
  vTools: () => [{ Tools: 'toolsOk', 'Tools Version': 12352 }],
};

function disk(vm: number, unit: number): Readonly<Record<string, Value>> {
  return {
    Disk: `Hard disk ${unit + 1}`,
    'Capacity MiB': 40960 + vm,
    Thin: true,
    Label: 'SCSI controller 0',
    Controller: 'VMware paravirtual SCSI',
    'Unit #': unit,
    Path: `[datastore-${vm % 40}] vm-${vm}/vm-${vm}_${unit}.vmdk`,
  };
}

export async function writeLargeExport(file: string, vms: number): Promise<void> {
  const sheets = Object.keys(SHEETS).map((sheet) => [sheet, rowsOf(sheet, vms)] as const);
  await writeXlsx(file, Object.fromEntries(sheets), { texts: 'inline' });
}

function* rowsOf(sheet: string, vms: number): Generator<readonly Value[]> {
  const columns = COLUMNS[sheet] ?? [];
  yield columns;
  for (let vm = 0; vm < vms; vm += 1) {
    const identity = { VM: `vm-${vm}`, 'VM ID': `vm-${1000 + vm}`, 'VM UUID': uuid(vm), Datacenter: `dc-${vm % 3}` };
    for (const row of SHEETS[sheet]?.(vm) ?? []) {
      const cells: Readonly<Record<string, Value>> = { ...identity, ...row };
      yield columns.map((title) => cells[title] ?? (title.length % 3 === 0 ? undefined : `${title} of ${vm}`));
    }
  }
}

function uuid(vm: number): string {
  return `5012a0b1-0000-4000-8000-${String(vm).padStart(12, '0')}`;
}
