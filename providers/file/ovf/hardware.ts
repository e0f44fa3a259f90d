/** VirtualHardwareSection: its items as plain records, the deployment configuration and range markers applied. */

import { defined } from '../../../src/model/defined.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { sectionsOf } from './section.ts';
import { parseCount, parseFlag } from './values.ts';
import { attribute, childrenOf, malformed, placeOf, textOf, type XmlElement } from './xml.ts';

/** CIM_ResourceAllocationSettingData.ResourceType (DSP0243 refers to CIM 2.22; DSP8030 lists the numbers). */
export const RESOURCE = {
  other: 1,
  processor: 3,
  memory: 4,
  ide: 5,
  scsi: 6,
  ethernet: 10,
  floppy: 14,
  cd: 15,
  dvd: 16,
  disk: 17,
  storageExtent: 19,
  otherStorage: 20,
  serial: 21,
  parallel: 22,
  usb: 23,
  graphics: 24,
  logicalDisk: 31,
  storageVolume: 32,
  otherEthernet: 33,
  sound: 35,
} as const;

export interface HardwareItem {
  /** InstanceID; empty when the file has none. */
  readonly id: string;
  readonly type: number;
  readonly subType?: string;
  /** ElementName, Caption or Description: what people call it. */
  readonly name?: string;
  readonly parent?: string;
  readonly address?: string;
  readonly addressOnParent?: number;
  readonly hostResource?: string;
  /** Name of the network. */
  readonly connection?: string;
  readonly quantity?: number;
  readonly reservation?: number;
  readonly limit?: number;
  readonly units?: string;
  readonly automatic?: boolean;
  readonly element: XmlElement;
}

export interface Hardware {
  /** vssd:VirtualSystemType: `vmx-19`. */
  readonly systemType?: string;
  /** vssd:VirtualSystemIdentifier: usually the VM's name. */
  readonly systemIdentifier?: string;
  /** How properties reach the guest: `iso com.vmware.guestInfo`. */
  readonly transport?: string;
  readonly items: readonly HardwareItem[];
  /** vmw:Config and vmw:ExtraConfig of the section, by key. */
  readonly config: ReadonlyMap<string, string>;
  readonly extraConfig: ReadonlyMap<string, string>;
  /** Items of configurations that are not in force, and min/max markers. */
  readonly leftOut: readonly XmlElement[];
  /** Anything else in the section. */
  readonly leftovers: readonly XmlElement[];
}

/** Most hardware items of one system; a vSphere VM with everything plugged in has about 400. */
const MAX_ITEMS = 5000;

const ITEM_NAMES: ReadonlySet<string> = new Set(['Item', 'StorageItem', 'EthernetPortItem']);

/**
 * The hardware of a system. Of several sections the first counts: they are alternatives for other hypervisors.
 * @throws MigrationError `ovf-malformed`, `xml-too-complex`
 */
export function readHardware(system: XmlElement, configuration: string | undefined): Hardware | undefined {
  const [section, ...alternatives] = sectionsOf(system, 'VirtualHardwareSection');
  if (section === undefined) return undefined;
  const items = section.children.filter((child) => ITEM_NAMES.has(child.name));
  if (items.length > MAX_ITEMS) {
    throw new MigrationError('xml-too-complex', `The system has more than ${MAX_ITEMS} hardware items`, placeOf(section));
  }
  const { taken, leftOut } = choose(items, configuration);
  const settings = section.children.find((child) => child.name === 'System');
  return defined({
    systemType: settings && textOf(settings, 'VirtualSystemType', 'cim'),
    systemIdentifier: settings && textOf(settings, 'VirtualSystemIdentifier', 'cim'),
    transport: attribute(section, 'transport') || undefined,
    items: taken.map(readItem),
    config: keyed(section, 'Config'),
    extraConfig: keyed(section, 'ExtraConfig'),
    leftOut,
    leftovers: [
      ...section.children.filter((child) => !ITEM_NAMES.has(child.name) && !READ_NAMES.has(child.name)),
      ...alternatives,
    ],
  });
}

const READ_NAMES: ReadonlySet<string> = new Set(['Info', 'System', 'Config', 'ExtraConfig']);

/** vmw:Config or vmw:ExtraConfig children by key; the last of a key counts, as in VMware's tools. */
export function keyed(element: XmlElement, name: 'Config' | 'ExtraConfig'): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const child of childrenOf(element, name, 'vmw')) {
    const key = attribute(child, 'key', 'vmw');
    if (key !== undefined) values.set(key, attribute(child, 'value', 'vmw') ?? '');
  }
  return values;
}

/**
 * Items in force. An item that names configurations belongs to those only and replaces an unnamed one of the same InstanceID;
 * `min` and `max` are range markers, `normal` counts where no unmarked item of the same InstanceID is there (DSP0243 §8.4).
 */
function choose(items: readonly XmlElement[], configuration: string | undefined) {
  const best = new Map<string, XmlElement>();
  const leftOut = new Set<XmlElement>();
  for (const item of items) {
    const configurations = words(attribute(item, 'configuration'));
    const bound = attribute(item, 'bound');
    if (configurations.length > 0 && (configuration === undefined || !configurations.includes(configuration))) leftOut.add(item);
    if (bound === 'min' || bound === 'max') leftOut.add(item);
    if (leftOut.has(item)) continue;
    // With the type, because oVirt gives one InstanceId to devices of several types.
    const key = `${cim(item, 'InstanceID') ?? cim(item, 'InstanceId')} ${cim(item, 'ResourceType')}`;
    const earlier = best.get(key);
    if (earlier === undefined || rank(item) > rank(earlier)) best.set(key, item);
    if (earlier !== undefined && rank(item) !== rank(earlier)) leftOut.add(rank(item) < rank(earlier) ? item : earlier);
  }
  return { taken: items.filter((item) => !leftOut.has(item)), leftOut: [...leftOut] };
}

/** Which of two items of one InstanceID counts: one for the configuration, then an unmarked one, then a `normal` one. */
function rank(item: XmlElement): number {
  if (attribute(item, 'configuration')) return 2;
  return attribute(item, 'bound') === 'normal' ? 0 : 1;
}

function words(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(/\s+/).filter((word) => word !== '');
}

function readItem(element: XmlElement): HardwareItem {
  const type = parseCount(cim(element, 'ResourceType'));
  if (type === undefined) throw malformed(element, `A hardware item has no readable ResourceType`);
  return defined({
    id: cim(element, 'InstanceID') ?? cim(element, 'InstanceId') ?? '',
    type,
    subType: cim(element, 'ResourceSubType'),
    name: cim(element, 'ElementName') ?? cim(element, 'Caption') ?? cim(element, 'Name') ?? cim(element, 'Description'),
    parent: cim(element, 'Parent'),
    address: cim(element, 'Address') ?? cim(element, 'MACAddress') ?? cim(element, 'BusNumber'),
    addressOnParent: parseCount(cim(element, 'AddressOnParent')),
    hostResource: cim(element, 'HostResource'),
    connection: cim(element, 'Connection'),
    quantity: parseCount(cim(element, 'VirtualQuantity')),
    reservation: parseCount(cim(element, 'Reservation')),
    limit: parseCount(cim(element, 'Limit')),
    units: cim(element, 'AllocationUnits'),
    automatic: parseFlag(cim(element, 'AutomaticAllocation')),
    element,
  });
}

/** Text of a child in any vocabulary: rasd, sasd and epasd differ only in their namespace, and oVirt mixes its own in. */
export function cim(item: XmlElement, name: string): string | undefined {
  return item.children.find((child) => child.name === name)?.text || undefined;
}

/** First word of a ResourceSubType: VMware may list several in order of preference. */
export function firstSubType(item: HardwareItem): string {
  return (
    (item.subType ?? '')
      .trim()
      .split(/[\s,]+/)[0]
      ?.toLowerCase() ?? ''
  );
}

/** @throws MigrationError `ovf-duplicate-id` when two of the items have one InstanceID, so that a Parent would be ambiguous */
export function indexById(items: readonly HardwareItem[]): ReadonlyMap<string, HardwareItem> {
  const index = new Map<string, HardwareItem>();
  for (const item of items) {
    if (index.has(item.id)) {
      throw new MigrationError('ovf-duplicate-id', `Two controllers have the InstanceID ${item.id}`, placeOf(item.element));
    }
    index.set(item.id, item);
  }
  return index;
}
