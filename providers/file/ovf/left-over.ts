/** Facts of a system that no field takes: the report names them as dropped. */
import type { ExtraFact } from '../../../src/model/vm.ts';
import { READ_KEYS } from './boot.ts';
import { extraFact, flatten, qualifiedName } from './extras.ts';
import { cim, type Hardware } from './hardware.ts';
import { productFacts } from './product.ts';
import { isOvf, kindOf, sectionsOf } from './section.ts';
import type { SystemEntry } from './systems.ts';
import { parseUnit } from './values.ts';
import { attribute, childrenOf, type XmlElement } from './xml.ts';

/** Children of a system that are read elsewhere. */
const READ_KINDS: ReadonlySet<string> = new Set([
  'Info',
  'Name',
  'VirtualHardwareSection',
  'OperatingSystemSection',
  'AnnotationSection',
  'ProductSection',
  'PropertySection',
  'EulaSection',
  'BootOrderSection',
  'Machine',
  'BiosType',
  'Description',
]);

/** Fields of an item that are read, or that only repeat others. */
const READ_FIELDS: ReadonlySet<string> = new Set(
  `Address AddressOnParent AllocationUnits AutomaticAllocation BootOrder BusNumber Caption Connection CoresPerSocket Description
   Device ElementName HostResource InstanceID InstanceId Limit Linked MACAddress Name Parent Reservation ResourceSubType ResourceType
   Type VirtualQuantity VirtualQuantityUnits cpu_per_socket num_of_sockets threads_per_cpu Config`.split(/\s+/),
);

export function systemExtras(system: SystemEntry, hardware: Hardware | undefined): readonly ExtraFact[] {
  const { element, inherited, startup } = system;
  const products = [
    ...inherited.filter((section) => kindOf(section) === 'ProductSection'),
    ...sectionsOf(element, 'ProductSection'),
  ];
  const [os] = sectionsOf(element, 'OperatingSystemSection');
  const version = os && attribute(os, 'version');
  return [
    ...products.flatMap(productFacts),
    ...(version ? [extraFact('ovf:OperatingSystemSection@version', version)] : []),
    ...(startup === undefined ? [] : flatten(startup, 'ovf:StartupSection')),
    ...(hardware === undefined ? [] : hardwareExtras(hardware)),
    ...element.children.filter((child) => !READ_KINDS.has(kindOf(child))).flatMap((child) => flatten(child, sectionPath(child))),
  ];
}

/** Sections of the envelope that nothing reads. */
export function envelopeExtras(sections: readonly XmlElement[]): readonly ExtraFact[] {
  return sections.flatMap((section) => flatten(section, sectionPath(section)));
}

function sectionPath(section: XmlElement): string {
  return isOvf(section) ? `ovf:${kindOf(section)}` : qualifiedName(section);
}

function hardwareExtras(hardware: Hardware): readonly ExtraFact[] {
  const { config, extraConfig, items, leftOut, leftovers, transport } = hardware;
  return [
    ...(transport === undefined ? [] : [extraFact('ovf:VirtualHardwareSection@transport', transport)]),
    ...unreadKeys('vmw:Config', config),
    ...unreadKeys('vmw:ExtraConfig', extraConfig),
    ...items.flatMap((item) => itemExtras(item.element, item.name ?? item.id)),
    ...leftOut.map(leftOutFact),
    ...leftovers.flatMap((element) => flatten(element, sectionPath(element))),
  ];
}

function unreadKeys(path: string, keys: ReadonlyMap<string, string>): readonly ExtraFact[] {
  return [...keys].filter(([key]) => !READ_KEYS.has(key)).map(([key, value]) => extraFact(`${path}/${key}`, value));
}

function itemExtras(item: XmlElement, name: string): readonly ExtraFact[] {
  const units = parseUnit(cim(item, 'AllocationUnits') ?? 'MHz');
  const unread = item.children.filter(({ name: field }) => {
    // Xen writes a limit in units of its own; only frequencies and sizes have a field.
    if (field === 'Limit' || field === 'Reservation') return units === undefined;
    return !READ_FIELDS.has(field) && field !== 'ExtraConfig';
  });
  const keys = [...childrenOf(item, 'Config', 'vmw'), ...childrenOf(item, 'ExtraConfig', 'vmw')];
  return [...unread, ...keys].flatMap((child) => flatten(child, `Item[${name}]/${qualifiedName(child)}`));
}

/** Items of other configurations and range markers (`min`, `max`). */
function leftOutFact(item: XmlElement): ExtraFact {
  const name = cim(item, 'ElementName') ?? cim(item, 'Caption') ?? cim(item, 'ResourceType') ?? '';
  const bound = attribute(item, 'bound');
  const configuration = attribute(item, 'configuration');
  const elsewhere =
    configuration === undefined ? 'replaced by an item of the configuration' : `only in configuration ${configuration}`;
  const why = bound === 'min' || bound === 'max' ? `${bound} of a range` : elsewhere;
  const quantity = cim(item, 'VirtualQuantity');
  return extraFact(`Item[${name}]`, quantity === undefined ? why : `${why}: ${quantity}`);
}
