/** Controllers of a system and the keys under which everything else refers to them. */

import { defined } from '../../../src/model/defined.ts';
import type { ControllerKind, DiskController, Slot } from '../../../src/model/vm.ts';
import { firstSubType, type Hardware, type HardwareItem, indexById, keyed, RESOURCE } from './hardware.ts';
import { parseCount } from './values.ts';

export interface Controllers {
  /** In the order of the file. */
  readonly list: readonly DiskController[];
  /** By InstanceID of the item. */
  readonly byId: ReadonlyMap<string, DiskController>;
}

/** Controllers are counted per family: `scsi0` and `scsi1` may be of different kinds. */
const FAMILY: Readonly<Record<ControllerKind, string>> = {
  ide: 'ide',
  sata: 'sata',
  nvme: 'nvme',
  lsilogic: 'scsi',
  lsisas: 'scsi',
  buslogic: 'scsi',
  pvscsi: 'scsi',
  scsi: 'scsi',
  'virtio-scsi': 'scsi',
  'virtio-blk': 'virtio',
  usb: 'usb',
  floppy: 'floppy',
};

/** @throws MigrationError `ovf-duplicate-id` for two controllers of one InstanceID */
export function readControllers(hardware: Hardware): Controllers {
  const kinds = new Map<HardwareItem, ControllerKind>();
  for (const item of hardware.items) {
    const kind = controllerKind(item);
    if (kind !== undefined) kinds.set(item, kind);
  }
  indexById([...kinds.keys()]);
  const numbers = numberOf(kinds);
  const list: DiskController[] = [];
  const byId = new Map<string, DiskController>();
  for (const [item, kind] of kinds) {
    const key = `${FAMILY[kind]}${numbers.get(item)}`;
    const controller = defined({ key, kind, sharing: sharingOf(item, key, hardware) });
    list.push(controller);
    if (item.id !== '') byId.set(item.id, controller);
  }
  return { list, byId };
}

/** Address numbers the controllers of a family where the file gives each its own small number; else their order does. */
function numberOf(kinds: ReadonlyMap<HardwareItem, ControllerKind>): ReadonlyMap<HardwareItem, number> {
  const numbers = new Map<HardwareItem, number>();
  const families = Map.groupBy(kinds.keys(), (item) => FAMILY[kinds.get(item) ?? 'scsi']);
  for (const members of families.values()) {
    const addresses = members.map((item) => parseCount(item.address)).filter((address) => address !== undefined && address < 16);
    const trusted = new Set(addresses).size === members.length;
    members.forEach((item, index) => {
      numbers.set(item, trusted ? (parseCount(item.address) ?? index) : index);
    });
  }
  return numbers;
}

/** Kind of a controller item, undefined for items that are none. */
export function controllerKind(item: HardwareItem): ControllerKind | undefined {
  const subType = firstSubType(item);
  switch (item.type) {
    case RESOURCE.ide:
      return 'ide';
    case RESOURCE.scsi:
      return scsiKind(subType) ?? 'scsi';
    case RESOURCE.otherStorage:
      if (/nvm/.test(subType)) return 'nvme';
      if (/ahci|sata/.test(subType)) return 'sata';
      if (/usb/.test(subType)) return 'usb';
      return scsiKind(subType);
    case RESOURCE.usb:
      return 'usb';
    default:
      return undefined;
  }
}

/** ResourceSubType of SCSI controllers: VMware's words, with or without `vmware.`, and VirtualBox's and QEMU's for virtio. */
function scsiKind(subType: string): ControllerKind | undefined {
  if (/^virtio[-_]?blk$/.test(subType)) return 'virtio-blk';
  if (/virtio/.test(subType)) return 'virtio-scsi';
  if (/lsi.*sas/.test(subType)) return 'lsisas';
  if (/lsi/.test(subType)) return 'lsilogic';
  if (/buslogic/.test(subType)) return 'buslogic';
  if (/virtualscsi|pvscsi|paravirtual/.test(subType)) return 'pvscsi';
  return /scsi/.test(subType) ? 'scsi' : undefined;
}

/** `sharedBus` as vSphere's API writes it (`noSharing`) or as the VMX key does (`none`). */
function sharingOf(item: HardwareItem, key: string, hardware: Hardware): DiskController['sharing'] {
  const text = keyed(item.element, 'Config').get('sharedBus') ?? hardware.extraConfig.get(`${key}.sharedBus`);
  switch (text?.replace(/Sharing$/, '').toLowerCase()) {
    case 'virtual':
      return 'virtual';
    case 'physical':
      return 'physical';
    case 'none':
    case 'no':
      return 'none';
    default:
      return undefined;
  }
}

/** Where a device sits, when its Parent is a known controller and its unit is stated. */
export function slotOf(item: HardwareItem, controllers: Controllers): Slot | undefined {
  const controller = item.parent === undefined ? undefined : controllers.byId.get(item.parent);
  if (controller === undefined || item.addressOnParent === undefined) return undefined;
  return { controller: controller.key, unit: item.addressOnParent };
}
