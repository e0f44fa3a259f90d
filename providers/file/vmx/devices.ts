/** What is plugged in besides disks, CD-ROMs and NICs. Pure. */
import type { OtherDevice } from '../../../src/model/vm.ts';
import type { Drive } from './drives.ts';
import type { VmxValues } from './values.ts';

type Kind = OtherDevice['kind'];

/** Devices that come once: key before `.present`, kind, name for people. */
const SINGLE: readonly (readonly [key: string, kind: Kind, label: string])[] = [
  ['usb', 'usb-controller', 'USB controller'],
  ['ehci', 'usb-controller', 'USB 2.0 controller'],
  ['usb_xhci', 'usb-controller', 'USB 3 controller'],
  ['sound', 'sound', 'Sound card'],
  ['vmci0', 'vmci', 'VMCI device'],
  ['vwdt', 'watchdog', 'Watchdog timer'],
  ['sgx', 'sgx', 'Intel SGX'],
];

/** Devices that are numbered. */
const NUMBERED: readonly (readonly [prefix: string, kind: Kind, label: string])[] = [
  ['floppy', 'floppy', 'Floppy drive'],
  ['serial', 'serial', 'Serial port'],
  ['parallel', 'parallel', 'Parallel port'],
  ['usb:', 'usb-device', 'USB device'],
  ['usb_xhci:', 'usb-device', 'USB device'],
];

export function readDevices(values: VmxValues, drives: readonly Drive[]): readonly OtherDevice[] {
  return [
    ...SINGLE.filter(([key]) => isPresent(values, key)).map(([, kind, label]) => ({ kind, label })),
    ...NUMBERED.flatMap(([prefix, kind, label]) =>
      numbered(values, prefix).map((index) => describe(values, { prefix, index, kind, label })),
    ),
    ...pciDevices(values),
    ...drives.filter((drive) => drive.kind === 'passthrough').map(({ key, file }) => other(`SCSI device ${key}`, file)),
    ...(values.flag('mks.enable3d') === true ? [{ kind: 'video', label: '3D graphics' } as const] : []),
  ];
}

function isPresent(values: VmxValues, key: string): boolean {
  return values.flag(`${key}.present`) === true;
}

function numbered(values: VmxValues, prefix: string): readonly number[] {
  return values.indices(prefix).filter((index) => isPresent(values, `${prefix}${index}`));
}

interface Numbered {
  readonly prefix: string;
  readonly index: number;
  readonly kind: Kind;
  readonly label: string;
}

/** The back end (a file, a pipe, a host device) makes the difference to the guest's users. */
function describe(values: VmxValues, { prefix, index, kind, label }: Numbered): OtherDevice {
  const key = `${prefix}${index}`;
  const type = values.text(`${key}.filetype`) ?? values.text(`${key}.devicetype`);
  const file = values.text(`${key}.filename`);
  const back = [type, file].filter((part) => part !== undefined).join(' ');
  return { kind, label: `${label} ${index + 1}${back === '' ? '' : ` (${back})`}` };
}

/** `pciPassthruN` is a host device, or a slice of a graphics card when it has a `vgpu` profile. */
function pciDevices(values: VmxValues): readonly OtherDevice[] {
  return numbered(values, 'pcipassthru').map((index) => {
    const vgpu = values.text(`pcipassthru${index}.vgpu`);
    if (vgpu !== undefined) return { kind: 'vgpu', label: `vGPU ${vgpu}` };
    const id = values.text(`pcipassthru${index}.id`);
    return { kind: 'pci-passthrough', label: `PCI device ${id ?? index}` };
  });
}

function other(label: string, file: string | undefined): OtherDevice {
  return { kind: 'other', label: file === undefined ? label : `${label} (${file})` };
}
