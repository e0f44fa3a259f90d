/** A script that starts the machine of a manifest with qemu on this machine, for a look at a target. Nobody outside hears of it. Pure. */
import type { DiskBus, DiskDevice, Interface, VirtualMachine } from '../model/manifest.ts';
import { QEMU_DISKS, QEMU_NICS, sataPort, virtioModel } from '../model/qemu-devices.ts';
import { quantityOf } from '../model/quantity.ts';
import { MiB } from '../model/units.ts';

export interface TestFile {
  /** Name of the claim, as the manifest has it. */
  readonly claim: string;
  /** Absolute path of a qcow2 file. */
  readonly file: string;
}

/** Where the manifest leaves the size to an instance type. */
const MEMORY_MIB = 2048;
/** Debian's package ovmf. Distributions differ: the script takes others from its environment. */
const FIRMWARE = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', vars: '/usr/share/OVMF/OVMF_VARS_4M.fd' };

/** A shell script; what is said to it is handed on to qemu. @param about the VM, for people */
export function testScript(about: string, machine: VirtualMachine, files: readonly TestFile[]): string {
  const { domain } = machine.spec.template.spec;
  const isEfi = 'efi' in domain.firmware.bootloader;
  const words = [...boardOf(machine), ...disksOf(machine, files), ...nicsOf(machine)];
  const lines = [
    '#!/bin/sh',
    `# Starts a test of ${about.replaceAll(/[^\x20-\x7e]/g, '?')}: what it writes goes to overlays, and its networks lead nowhere.`,
    '# End it before `kubeferry test-cutover --end`, which removes what it wrote.',
    'set -e',
    'cd "$(dirname "$0")"',
    ...(isEfi ? [`[ -f efi-vars.fd ] || cp "\${OVMF_VARS:-${FIRMWARE.vars}}" efi-vars.fd`] : []),
    'exec qemu-system-x86_64 -accel kvm -accel tcg \\',
    ...(isEfi
      ? [
          `  -drive "if=pflash,format=raw,readonly=on,file=\${OVMF_CODE:-${FIRMWARE.code}}" \\`,
          '  -drive if=pflash,format=raw,file=efi-vars.fd \\',
        ]
      : []),
    ...words.map((argv) => `  ${argv.map(quoted).join(' ')} \\`),
    '  "$@"',
  ];
  return `${lines.join('\n')}\n`;
}

type Argv = readonly string[];

function isTransitional({ spec }: VirtualMachine): boolean {
  return spec.template.spec.domain.devices.useVirtioTransitional === true;
}

function boardOf(machine: VirtualMachine): readonly Argv[] {
  const { metadata, spec } = machine;
  const { cpu, memory, firmware, devices } = spec.template.spec.domain;
  const { sockets = 1, cores = 1, threads = 1 } = cpu ?? {};
  const size = quantityOf(memory?.guest ?? '');
  const mib = size === undefined ? MEMORY_MIB : Math.ceil(size / MiB);
  return [
    ['-name', `${metadata.name} (test)`],
    ['-machine', 'q35'],
    ['-cpu', 'max'],
    ['-smp', `${sockets * cores * threads},sockets=${sockets},cores=${cores},threads=${threads}`],
    ['-m', String(mib)],
    ...(firmware.uuid === undefined ? [] : [['-uuid', firmware.uuid]]),
    ['-device', virtioModel('virtio-rng-pci', isTransitional(machine))],
    ...(devices.inputs?.length
      ? [
          ['-device', 'qemu-xhci,id=usb'],
          ['-device', 'usb-tablet,bus=usb.0'],
        ]
      : []),
  ];
}

function disksOf(machine: VirtualMachine, files: readonly TestFile[]): readonly Argv[] {
  const { domain, volumes } = machine.spec.template.spec;
  const claims = new Map(volumes.map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim.claimName]));
  const paths = new Map(files.map(({ claim, file }) => [claim, file]));
  const transitional = isTransitional(machine);
  const made = new Set<string>();
  let ports = 0;
  return domain.devices.disks.flatMap((disk, index): readonly Argv[] => {
    const file = paths.get(claims.get(disk.name) ?? '');
    const bus = busOf(disk);
    if (file === undefined || bus === undefined) return [];
    const kind = QEMU_DISKS[bus];
    const port = bus === 'sata' ? sataPort(ports++) : kind;
    const controllers = [port.controller ?? []].flat().filter((controller) => !made.has(controller));
    for (const controller of controllers) made.add(controller);
    const more = [
      `drive=disk${index}`,
      ...(port.bus === undefined ? [] : [`bus=${port.bus}`]),
      ...(disk.bootOrder === undefined ? [] : [`bootindex=${disk.bootOrder}`]),
      ...(disk.serial === undefined ? [] : [`serial=${escaped(disk.serial)}`]),
    ];
    return [
      ...controllers.map((controller) => ['-device', virtioModel(controller, transitional)]),
      ['-drive', `if=none,id=disk${index},format=qcow2,discard=unmap,file=${escaped(file)}`],
      ['-device', [virtioModel(kind.disk, transitional), ...more].join(',')],
    ];
  });
}

function busOf(disk: DiskDevice): DiskBus | undefined {
  if ('disk' in disk) return disk.disk.bus;
  return 'lun' in disk ? disk.lun.bus : undefined;
}

/** The guest has its cards and its addresses; nobody is behind them, not even this machine. */
function nicsOf(machine: VirtualMachine): readonly Argv[] {
  const { interfaces } = machine.spec.template.spec.domain.devices;
  if (interfaces.length === 0) return [['-nic', 'none']];
  return interfaces.flatMap(({ model = 'virtio', macAddress }: Interface, index): readonly Argv[] => [
    ['-netdev', `user,id=nic${index},restrict=on`],
    [
      '-device',
      [
        virtioModel(QEMU_NICS[model], isTransitional(machine)),
        `netdev=nic${index}`,
        ...(macAddress === undefined ? [] : [`mac=${macAddress}`]),
      ].join(','),
    ],
  ]);
}

/** As a value among others that commas separate. */
function escaped(text: string): string {
  return text.replaceAll(',', ',,');
}

function quoted(word: string): string {
  return /^[A-Za-z0-9_,.:=/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
