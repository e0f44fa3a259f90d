/** The argument list of qemu for a planned machine. Pure. Written for qemu 7.2 and later; no shell sees it. */
import type { InterfaceModel } from '../../model/manifest.ts';
import { QEMU_DISKS, QEMU_NICS, sataPort, virtioModel } from '../../model/qemu-devices.ts';
import type { ProofMachine, ProofNic } from './machine.ts';

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
  const { cpu, firmware, transitional } = machine;
  const virtio = (device: string): string => virtioModel(device, transitional);
  const secure = firmware.kind === 'uefi' && firmware.secureBoot;
  return [
    // No configuration of the user or the machine, no device that is not named here.
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-shutdown'],
    // It waits to be switched on.
    '-S',
    ...['-name', `${escaped(machine.name)} (proof)`],
    // graphics=off: the BIOS writes to the serial port what it writes to the screen.
    ...['-machine', `q35,graphics=off${secure ? ',smm=on' : ''}`],
    ...(accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max,la57=off']),
    ...['-smp', `${cpu.sockets * cpu.cores * cpu.threads},sockets=${cpu.sockets},cores=${cpu.cores},threads=${cpu.threads}`],
    ...['-m', String(machine.memoryMiB)],
    ...(machine.uuid === undefined ? [] : ['-uuid', machine.uuid]),
    ...(machine.serial === undefined ? [] : ['-smbios', `type=1,serial=${escaped(machine.serial)}`]),
    ...(machine.asset === undefined ? [] : ['-smbios', `type=3,asset=${escaped(machine.asset)}`]),
    ...firmwareArgv(files, secure),
    ...['-boot', 'strict=on'],
    // KubeVirt's default video: VGA for BIOS, bochs for EFI.
    ...['-device', firmware.kind === 'bios' ? 'VGA' : 'bochs-display'],
    ...['-device', virtio('virtio-rng-pci'), '-device', virtio('virtio-balloon-pci')],
    // Tells us of a kernel that stops; KubeVirt has none.
    ...['-device', 'pvpanic'],
    ...tabletArgv(machine),
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=qmp,path=${escaped(files.qmp)}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=agent,path=${escaped(files.agent)}`],
    ...['-device', virtio('virtio-serial-pci'), '-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0,id=agent'],
    ...tpmArgv(files.tpm),
    ...diskArgv(machine, files.overlays),
    ...machine.nics.flatMap((nic, index) =>
      nicArgv(nic, index, { transitional, packets: files.packets[index], ports: forwards.get(index) ?? [] }),
    ),
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

function tabletArgv({ tablet, transitional }: ProofMachine): readonly string[] {
  if (tablet === undefined) return [];
  if (tablet === 'virtio') return ['-device', virtioModel('virtio-tablet-pci', transitional)];
  return ['-device', 'qemu-xhci,id=usb', '-device', 'usb-tablet,bus=usb.0'];
}

function tpmArgv(socket: string | undefined): readonly string[] {
  if (socket === undefined) return [];
  return [
    ...['-chardev', `socket,id=tpm,path=${escaped(socket)}`],
    ...['-tpmdev', 'emulator,id=tpm0,chardev=tpm', '-device', 'tpm-crb,tpmdev=tpm0'],
  ];
}

function diskArgv({ disks, transitional }: ProofMachine, overlays: readonly (string | undefined)[]): readonly string[] {
  const argv: string[] = [];
  const made = new Set<string>();
  let ports = 0;
  for (const [index, disk] of disks.entries()) {
    const kind = QEMU_DISKS[disk.bus];
    const overlay = overlays[index];
    const { bus, controller } = disk.bus === 'sata' ? sataPort(ports++) : kind;
    if (controller !== undefined && !made.has(controller)) argv.push('-device', virtioModel(controller, transitional));
    if (controller !== undefined) made.add(controller);
    if (overlay !== undefined) {
      const media = disk.cdrom ? ',media=cdrom,readonly=on' : ',cache=unsafe,discard=unmap';
      argv.push('-drive', `if=none,id=disk${index},format=qcow2,file=${escaped(overlay)}${media}`);
    }
    const words = [
      virtioModel(disk.cdrom ? (kind.cdrom ?? kind.disk) : kind.disk, transitional),
      ...(overlay === undefined ? [] : [`drive=disk${index}`]),
      ...(bus === undefined ? [] : [`bus=${bus}`]),
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

/** Cards that libvirt puts behind a PCI Express port of their own, so that guests call the first enp1s0; older kinds stand on the board. */
const EXPRESS: ReadonlySet<InterfaceModel> = new Set(['virtio', 'e1000e', 'igb']);

interface NicGround {
  readonly transitional: boolean;
  readonly packets: string | undefined;
  readonly ports: readonly number[];
}

function nicArgv(nic: ProofNic, index: number, { transitional, packets, ports }: NicGround): readonly string[] {
  const { network } = nic;
  const backend = [
    `user,id=nic${index},restrict=on,ipv6=off`,
    ...(network === undefined ? [] : [`net=${network.subnet},host=${network.gateway},dns=${network.dns}`]),
    ...ports.map((port) => `hostfwd=tcp:127.0.0.1:0-${network?.guest ?? ''}:${port}`),
  ];
  const express = EXPRESS.has(nic.model) && !(nic.model === 'virtio' && transitional);
  const card = [
    virtioModel(QEMU_NICS[nic.model], transitional),
    `id=card${index},netdev=nic${index}`,
    ...(express ? [`bus=port${index}`] : []),
    ...(nic.mac === undefined ? [] : [`mac=${nic.mac}`]),
    // Without an order it never boots from the network, and needs no program for that.
    ...(nic.bootIndex === undefined ? ['romfile='] : [`bootindex=${nic.bootIndex}`]),
  ];
  return [
    ...['-netdev', backend.join(',')],
    ...(express ? ['-device', `pcie-root-port,id=port${index},chassis=${index + 1},slot=${index + 1}`] : []),
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
