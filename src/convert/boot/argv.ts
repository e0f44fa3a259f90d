/** The argument list of qemu for a planned machine. Pure. Written for qemu 7.2 and later; no shell sees it. */
import type { DiskBus } from '../../model/manifest.ts';
import { QEMU_NICS } from '../../model/qemu-nics.ts';
import type { ProofDisk, ProofMachine, ProofNic } from './machine.ts';

/** What lies beside the machine while it runs; all paths are absolute. */
export interface MachineFiles {
  /** The copy-on-write overlay of each disk, in order; undefined for an empty drive. */
  readonly overlays: readonly (string | undefined)[];
  /** Sockets that we listen on and qemu connects to. */
  readonly qmp: string;
  readonly agent: string;
  /** Where the packets of each network card are recorded, in order. */
  readonly packets: readonly string[];
  readonly firmware?: { readonly code: string; readonly variables: string };
  /** Control socket of a running swtpm. */
  readonly tpm?: string;
}

/** Ports of the guest that are forwarded from a free port of 127.0.0.1, by the index of the card. */
export type Forwards = ReadonlyMap<number, readonly number[]>;

/** Bytes of a packet that are recorded: headers. */
const RECORDED = 128;

export function argvOf(
  machine: ProofMachine,
  files: MachineFiles,
  { accelerator, forwards }: { readonly accelerator: 'kvm' | 'tcg'; readonly forwards: Forwards },
): readonly string[] {
  const { cpu, firmware } = machine;
  const secure = firmware.kind === 'uefi' && firmware.secureBoot;
  return [
    // No configuration of the user or the machine, no device that is not named here.
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-shutdown'],
    // It waits to be switched on.
    '-S',
    ...['-name', `${escaped(machine.name)} (proof)`],
    // graphics=off: the BIOS writes to the serial port what it writes to the screen.
    ...['-machine', `q35,graphics=off${secure ? ',smm=on' : ''}`],
    ...(accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off']),
    ...['-smp', `${cpu.sockets * cpu.cores * cpu.threads},sockets=${cpu.sockets},cores=${cpu.cores},threads=${cpu.threads}`],
    ...['-m', String(machine.memoryMiB)],
    ...(machine.uuid === undefined ? [] : ['-uuid', machine.uuid]),
    ...(machine.serial === undefined ? [] : ['-smbios', `type=1,serial=${escaped(machine.serial)}`]),
    ...firmwareArgv(files, secure),
    ...['-boot', 'strict=on'],
    // KubeVirt's default video: VGA for BIOS, bochs for EFI.
    ...['-device', firmware.kind === 'bios' ? 'VGA' : 'bochs-display'],
    ...['-device', 'virtio-rng-pci'],
    ...['-device', 'pvpanic'],
    ...(machine.tablet ? ['-device', 'qemu-xhci,id=usb', '-device', 'usb-tablet,bus=usb.0'] : []),
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=qmp,path=${escaped(files.qmp)}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=agent,path=${escaped(files.agent)}`],
    ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0,id=agent'],
    ...tpmArgv(files.tpm),
    ...diskArgv(machine.disks, files.overlays),
    ...machine.nics.flatMap((nic, index) => nicArgv(nic, index, files.packets[index], forwards.get(index) ?? [])),
  ];
}

function firmwareArgv({ firmware }: MachineFiles, secure: boolean): readonly string[] {
  if (firmware === undefined) return [];
  return [
    ...(secure ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escaped(firmware.code)}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${escaped(firmware.variables)}`],
  ];
}

function tpmArgv(socket: string | undefined): readonly string[] {
  if (socket === undefined) return [];
  return [
    ...['-chardev', `socket,id=tpm,path=${escaped(socket)}`],
    ...['-tpmdev', 'emulator,id=tpm0,chardev=tpm', '-device', 'tpm-crb,tpmdev=tpm0'],
  ];
}

/** Bus, device, and what has to be there once for all of a kind. Sata: the board has a controller of six ports, others follow. */
const BUSES: Readonly<Record<DiskBus, { disk: string; cdrom?: string; once?: string; bus?: string }>> = {
  virtio: { disk: 'virtio-blk-pci' },
  scsi: { disk: 'scsi-hd', cdrom: 'scsi-cd', once: 'virtio-scsi-pci,id=scsi', bus: 'scsi.0' },
  sata: { disk: 'ide-hd', cdrom: 'ide-cd' },
  usb: { disk: 'usb-storage', once: 'qemu-xhci,id=disks', bus: 'disks.0' },
};
const PORTS = 6;

function diskArgv(disks: readonly ProofDisk[], overlays: readonly (string | undefined)[]): readonly string[] {
  const argv: string[] = [];
  const made = new Set<string>();
  let ports = 0;
  for (const [index, disk] of disks.entries()) {
    const kind = BUSES[disk.bus];
    const overlay = overlays[index];
    if (kind.once !== undefined && !made.has(kind.once)) argv.push('-device', kind.once);
    if (kind.once !== undefined) made.add(kind.once);
    if (disk.bus === 'sata' && ports > 0 && ports % PORTS === 0) argv.push('-device', `ahci,id=ahci${ports / PORTS}`);
    if (overlay !== undefined) {
      const media = disk.cdrom ? ',media=cdrom,readonly=on' : ',cache=unsafe,discard=unmap';
      argv.push('-drive', `if=none,id=disk${index},format=qcow2,file=${escaped(overlay)}${media}`);
    }
    const words = [
      disk.cdrom ? (kind.cdrom ?? kind.disk) : kind.disk,
      ...(overlay === undefined ? [] : [`drive=disk${index}`]),
      ...(kind.bus === undefined ? [] : [`bus=${kind.bus}`]),
      ...(disk.bus === 'sata' ? [`bus=${sataPort(ports++)}`] : []),
      ...(disk.bootIndex === undefined ? [] : [`bootindex=${disk.bootIndex}`]),
      ...(disk.serial === undefined ? [] : [`serial=${escaped(disk.serial)}`]),
      ...(disk.sectors === undefined
        ? []
        : [`logical_block_size=${disk.sectors.logical}`, `physical_block_size=${disk.sectors.physical}`]),
    ];
    argv.push('-device', words.join(','));
  }
  return argv;
}

function sataPort(port: number): string {
  const controller = Math.floor(port / PORTS);
  return controller === 0 ? `ide.${port}` : `ahci${controller}.${port % PORTS}`;
}

function nicArgv(nic: ProofNic, index: number, packets: string | undefined, ports: readonly number[]): readonly string[] {
  const { network } = nic;
  const backend = [
    `user,id=nic${index},restrict=on,ipv6=off`,
    ...(network === undefined ? [] : [`net=${network.subnet},host=${network.gateway},dns=${network.dns}`]),
    ...ports.map((port) => `hostfwd=tcp:127.0.0.1:0-${network?.guest ?? ''}:${port}`),
  ];
  const card = [
    QEMU_NICS[nic.model],
    `id=card${index},netdev=nic${index}`,
    ...(nic.mac === undefined ? [] : [`mac=${nic.mac}`]),
    // Without an order it never boots from the network, and needs no program for that.
    ...(nic.bootIndex === undefined ? ['romfile='] : [`bootindex=${nic.bootIndex}`]),
  ];
  return [
    ...['-netdev', backend.join(',')],
    ...['-device', card.join(',')],
    ...(packets === undefined
      ? []
      : ['-object', `filter-dump,id=dump${index},netdev=nic${index},maxlen=${RECORDED},file=${escaped(packets)}`]),
  ];
}

/** As a value among others that commas separate. */
function escaped(text: string): string {
  return text.replaceAll(',', ',,');
}
