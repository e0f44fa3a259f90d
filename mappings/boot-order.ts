/**
 * One series of boot orders over disks and NICs. As soon as one device has an order, KubeVirt never tries those without one: so every
 * disk gets one, and a NIC only where the source boots from the network.
 */
import { compareText } from '../src/model/concern.ts';
import type { Disk, SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { bootDisk } from './guest-facts.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

/** Orders from 1 by device key. */
export interface BootOrder {
  readonly disks: ReadonlyMap<string, number>;
  readonly nics: ReadonlyMap<string, number>;
  /** Key of the disk that comes first because the boot loader was found on it. */
  readonly found?: string;
}

interface BootContext {
  readonly context: MappingContext;
  readonly firmware: 'bios' | 'uefi';
  readonly ledger: Ledger;
}

export function chooseBootOrder(vm: SourceVm, { context, firmware, ledger }: BootContext): BootOrder {
  const disks = new Map<string, number>();
  const nics = new Map<string, number>();
  const loader = bootDisk(vm, context, firmware);
  const found = loader !== undefined && loader !== vm.disks[0]?.key && !statesDisk(vm) ? loader : undefined;
  const inOrder = vm.disks.toSorted((a, b) => Number(b.key === found) - Number(a.key === found) || byOrder(a, b));
  const add = (kind: Map<string, number>, key: string): void => {
    if (!kind.has(key)) kind.set(key, disks.size + nics.size + 1);
  };
  for (const device of vm.firmware.bootOrder ?? []) {
    const firstNic = vm.nics[0];
    if (device === 'disk') for (const disk of inOrder) add(disks, disk.key);
    else if (device === 'network' && firstNic !== undefined) add(nics, firstNic.key);
    for (const disk of vm.disks) if (device === disk.key || device === disk.label) add(disks, disk.key);
    for (const nic of vm.nics) if (device === nic.key || device === nic.label) add(nics, nic.key);
  }
  for (const disk of inOrder) add(disks, disk.key);
  note(vm, { disks, nics }, ledger);
  noteLoader(vm, { loader, first: [...disks.keys()][0], ledger });
  return { disks, nics, ...(found !== undefined && { found }) };
}

/** The source says which disk is tried before which; that it boots from disks at all says nothing about it. */
function statesDisk({ disks, firmware }: SourceVm): boolean {
  const names = new Set(firmware.bootOrder);
  return disks.some(({ key, label, bootOrder }) => bootOrder !== undefined || names.has(key) || names.has(label));
}

function noteLoader(
  { disks }: SourceVm,
  { loader, first, ledger }: { loader: string | undefined; first: string | undefined; ledger: Ledger },
): void {
  const [index, holder] = [...disks.entries()].find(([, { key }]) => key === loader) ?? [];
  if (holder === undefined || loader === first) return;
  ledger.concern(
    'boot-disk-contradiction',
    `disks[${index}].bootOrder`,
    `The boot loader was found on ${holder.label}, and the source boots from another disk first. The order of the source is kept: change it in the manifest if the VM does not start.`,
  );
}

/** Disks with an order of their own first; the others as the source lists them, since toSorted is stable. */
function byOrder(a: Disk, b: Disk): number {
  return (a.bootOrder ?? Number.MAX_SAFE_INTEGER) - (b.bootOrder ?? Number.MAX_SAFE_INTEGER);
}

function note(vm: SourceVm, { disks, nics }: BootOrder, ledger: Ledger): void {
  const stated = vm.firmware.bootOrder;
  if (stated === undefined) return;
  const series = [...disks, ...nics].toSorted((a, b) => a[1] - b[1] || compareText(a[0], b[0])).map(([key]) => key);
  if (series.length === 0) {
    ledger.dropped({
      from: 'firmware.bootOrder',
      was: stated.join(', '),
      rule: 'boot-order',
      because: 'There is nothing to boot from.',
    });
    return;
  }
  ledger.changed({
    from: 'firmware.bootOrder',
    to: `${DOMAIN}.devices.disks[].bootOrder`,
    was: stated.join(', '),
    value: series.join(', '),
    rule: 'boot-order',
    because: 'Disks and network are tried in the same order. CD-ROM and floppy are left out: their media stay behind.',
  });
}
