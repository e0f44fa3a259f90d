/** Items that are neither disk, optical drive, controller nor NIC. */
import type { OtherDevice } from '../../../src/model/vm.ts';
import { controllerKind } from './controllers.ts';
import { isCdItem, isDiskItem } from './disks.ts';
import { cim, firstSubType, type Hardware, type HardwareItem, RESOURCE } from './hardware.ts';
import { isNicItem } from './nics.ts';

/** VMware's ResourceSubType of type 1 (other) and what it is here. The vTPM is a fact of the firmware, not a device. */
const VMWARE_DEVICES: readonly (readonly [RegExp, OtherDevice['kind']])[] = [
  [/soundcard|hdaudio|sb16|es1371/, 'sound'],
  [/vmci/, 'vmci'],
  [/vgpu/, 'vgpu'],
  [/pcipassthrough|dvpgs/, 'pci-passthrough'],
  [/watchdog|wdt/, 'watchdog'],
  [/sgx/, 'sgx'],
  [/usb\.(?!.*controller)/, 'usb-device'],
  [/usb|ehci|xhci/, 'usb-controller'],
  [/serialport/, 'serial'],
  [/parallelport/, 'parallel'],
];

const KIND_BY_TYPE: ReadonlyMap<number, OtherDevice['kind']> = new Map([
  [RESOURCE.floppy, 'floppy'],
  [RESOURCE.serial, 'serial'],
  [RESOURCE.parallel, 'parallel'],
  [RESOURCE.usb, 'usb-controller'],
  [RESOURCE.graphics, 'video'],
  [RESOURCE.sound, 'sound'],
]);

export function isTpm(item: HardwareItem): boolean {
  return /vtpm|\btpm\b/.test(firstSubType(item));
}

export function readDevices(hardware: Hardware, unbackedDisks: readonly string[]): readonly OtherDevice[] {
  const devices: OtherDevice[] = unbackedDisks.map((label) => ({ kind: 'other', label: `${label} (no image in the package)` }));
  for (const item of hardware.items) {
    const kind = deviceKind(item);
    if (kind !== undefined) devices.push({ kind, label: item.name ?? item.subType ?? kind });
  }
  return devices;
}

function deviceKind(item: HardwareItem): OtherDevice['kind'] | undefined {
  if (item.type === RESOURCE.processor || item.type === RESOURCE.memory || isTpm(item)) return undefined;
  if (isDiskItem(item) || isCdItem(item) || isNicItem(item)) return undefined;
  const known = KIND_BY_TYPE.get(item.type);
  if (known !== undefined) return known;
  if (controllerKind(item) !== undefined) return undefined;
  // oVirt's display adapter is of type 20, which is "other storage" everywhere else.
  if (cim(item.element, 'Type') === 'video') return 'video';
  const subType = firstSubType(item);
  return VMWARE_DEVICES.find(([pattern]) => pattern.test(subType))?.[1] ?? 'other';
}
