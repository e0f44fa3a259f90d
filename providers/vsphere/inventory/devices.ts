/** `config.hardware.device` sorted into what it is. Types are those of the vSphere API; one that nobody knows is kept by its name. */
import type { ControllerKind, DiskController, OtherDevice, Slot } from '../../../src/model/vm.ts';
import type { VimNode } from '../vim/node.ts';

const CONTROLLERS: Readonly<Record<string, { readonly kind: ControllerKind; readonly bus: string }>> = {
  VirtualIDEController: { kind: 'ide', bus: 'ide' },
  VirtualSATAController: { kind: 'sata', bus: 'sata' },
  VirtualAHCIController: { kind: 'sata', bus: 'sata' },
  VirtualNVMEController: { kind: 'nvme', bus: 'nvme' },
  ParaVirtualSCSIController: { kind: 'pvscsi', bus: 'scsi' },
  VirtualLsiLogicController: { kind: 'lsilogic', bus: 'scsi' },
  VirtualLsiLogicSASController: { kind: 'lsisas', bus: 'scsi' },
  VirtualBusLogicController: { kind: 'buslogic', bus: 'scsi' },
  VirtualSCSIController: { kind: 'scsi', bus: 'scsi' },
};

const SHARING: Readonly<Record<string, NonNullable<DiskController['sharing']>>> = {
  noSharing: 'none',
  virtualSharing: 'virtual',
  physicalSharing: 'physical',
};

const OTHERS: Readonly<Record<string, OtherDevice['kind']>> = {
  VirtualUSBController: 'usb-controller',
  VirtualUSBXHCIController: 'usb-controller',
  VirtualUSB: 'usb-device',
  VirtualFloppy: 'floppy',
  VirtualSerialPort: 'serial',
  VirtualParallelPort: 'parallel',
  VirtualSoundCard: 'sound',
  VirtualEnsoniq1371: 'sound',
  VirtualSoundBlaster16: 'sound',
  VirtualHdAudioCard: 'sound',
  VirtualPCIPassthrough: 'pci-passthrough',
  VirtualWDT: 'watchdog',
  VirtualMachineVideoCard: 'video',
  VirtualMachineVMCIDevice: 'vmci',
  VirtualNVDIMM: 'nvdimm',
  VirtualSCSIPassthrough: 'scsi-device',
};

/** On the board of every VM: buses, keyboard and mouse, the controllers that hold devices told elsewhere. */
const BOARD: ReadonlySet<string> = new Set([
  'VirtualPCIController',
  'VirtualPS2Controller',
  'VirtualSIOController',
  'VirtualKeyboard',
  'VirtualPointingDevice',
  'VirtualNVDIMMController',
]);

export interface Devices {
  readonly controllers: readonly DiskController[];
  /** By device key of the vSphere API. */
  readonly slots: ReadonlyMap<number, Slot>;
  readonly disks: readonly VimNode[];
  readonly cdroms: readonly VimNode[];
  readonly nics: readonly VimNode[];
  readonly others: readonly OtherDevice[];
  readonly tpm: boolean;
}

export function sortDevices(devices: readonly VimNode[]): Devices {
  const controllers: DiskController[] = [];
  const keys = new Map<string, string>();
  const disks: VimNode[] = [];
  const cdroms: VimNode[] = [];
  const nics: VimNode[] = [];
  const others: OtherDevice[] = [];
  let tpm = false;
  for (const device of devices) {
    const type = device.type ?? '';
    const controller = CONTROLLERS[type];
    if (controller !== undefined) {
      const key = `${controller.bus}${device.number('busNumber') ?? controllers.length}`;
      const sharing = SHARING[device.string('sharedBus') ?? ''];
      controllers.push({ key, kind: controller.kind, ...(sharing !== undefined && { sharing }) });
      keys.set(device.string('key') ?? '', key);
    } else if (type === 'VirtualDisk') disks.push(device);
    else if (type === 'VirtualCdrom') cdroms.push(device);
    else if (isNic(device)) nics.push(device);
    else if (type === 'VirtualTPM') tpm = true;
    else if (!BOARD.has(type)) others.push({ kind: kindOf(device), label: deviceLabel(device) });
  }
  return { controllers, slots: slotsOf([...disks, ...cdroms], keys), disks, cdroms, nics, others, tpm };
}

function slotsOf(devices: readonly VimNode[], controllers: ReadonlyMap<string, string>): ReadonlyMap<number, Slot> {
  const slots = new Map<number, Slot>();
  for (const device of devices) {
    const controller = controllers.get(device.string('controllerKey') ?? '');
    const unit = device.number('unitNumber');
    const key = device.number('key');
    if (controller !== undefined && unit !== undefined && key !== undefined) slots.set(key, { controller, unit });
  }
  return slots;
}

/** Subtypes of VirtualEthernetCard; one that is newer than this list still has a MAC address. */
function isNic(device: VimNode): boolean {
  return (
    device.get('macAddress') !== undefined ||
    /^Virtual(E1000e?|Vmxnet\d*|PCNet32|SriovEthernetCard|EthernetCard)$/.test(device.type ?? '')
  );
}

function kindOf(device: VimNode): OtherDevice['kind'] {
  if (device.type === 'VirtualPCIPassthrough' && device.get('backing')?.type === 'VirtualPCIPassthroughVmiopBackingInfo')
    return 'vgpu';
  return OTHERS[device.type ?? ''] ?? 'other';
}

/** The label with what identifies the thing behind it: the profile of a vGPU, the name of a host device. */
function deviceLabel(device: VimNode): string {
  const label = device.string('deviceInfo', 'label') ?? device.type ?? 'device';
  const behind =
    device.string('backing', 'vgpu') ??
    device.string('backing', 'deviceName') ??
    device.string('backing', 'fileName') ??
    device.string('backing', 'customLabel');
  return behind === undefined ? label : `${label}: ${behind}`;
}
