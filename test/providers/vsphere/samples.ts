/** Answers of the property collector, written as real servers write them and as they do not. */
import { buildAtlas } from '../../../providers/vsphere/inventory/atlas.ts';
import { type Beside, toVm } from '../../../providers/vsphere/inventory/to-vm.ts';
import { ObjectProperties } from '../../../providers/vsphere/properties.ts';
import { parseXml } from '../../../providers/vsphere/vim/xml-reader.ts';
import type { SourceVm } from '../../../src/model/vm.ts';

/** An object from its properties: path → XML of `val`, attributes included: `['xsi:type="xsd:string"', 'web']`. */
export function object(type: string, id: string, values: Readonly<Record<string, string>>): ObjectProperties {
  const body = Object.entries(values)
    .map(([path, val]) => `<p path="${path}">${val.startsWith('<val') ? val : `<val>${val}</val>`}</p>`)
    .join('');
  const root = parseXml(`<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${body}</r>`);
  const paths = Object.keys(values);
  return new ObjectProperties(
    { type, id },
    root.children.flatMap((child, index) => {
      const value = child.get('val');
      return value === undefined ? [] : [[paths[index] ?? '', value] as const];
    }),
  );
}

export const NOTHING: Beside = { atlas: buildAtlas([]), attributes: new Map(), tags: new Map(), policies: new Map() };

export function vmFrom(values: Readonly<Record<string, string>>, beside: Partial<Beside> = {}): SourceVm {
  return toVm(object('VirtualMachine', 'vm-1', { name: 'web', ...values }), { ...NOTHING, ...beside });
}

/** `config.hardware.device` with these devices. */
export function devices(...list: readonly string[]): Readonly<Record<string, string>> {
  return { 'config.hardware.device': `<val xsi:type="ArrayOfVirtualDevice">${list.join('')}</val>` };
}

export function device(type: string, key: number, body = ''): string {
  return `<VirtualDevice xsi:type="${type}"><key>${key}</key>${body}</VirtualDevice>`;
}

export const PVSCSI = device('ParaVirtualSCSIController', 1000, '<busNumber>0</busNumber><sharedBus>noSharing</sharedBus>');

export function disk(key: number, unit: number, backing: string, more = ''): string {
  return device(
    'VirtualDisk',
    key,
    `<deviceInfo><label>Hard disk ${unit + 1}</label></deviceInfo>${backing}<controllerKey>1000</controllerKey><unitNumber>${unit}</unitNumber><capacityInKB>1048576</capacityInKB>${more}`,
  );
}
