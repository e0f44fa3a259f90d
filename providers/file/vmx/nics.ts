/** `ethernetN.*`. Pure. */
import { parseMac } from '../../../src/model/units.ts';
import type { NetworkRef, Nic, NicModel } from '../../../src/model/vm.ts';
import { defined } from '../defined.ts';
import type { VmxValues } from './values.ts';

const MODELS: ReadonlyMap<string, NicModel> = new Map([
  ['vmxnet', 'vmxnet'],
  ['vmxnet2', 'vmxnet2'],
  ['vmxnet3', 'vmxnet3'],
  ['e1000', 'e1000'],
  ['e1000e', 'e1000e'],
  ['vlance', 'pcnet'],
  ['flexible', 'flexible'],
  ['sriov', 'sriov'],
]);

const ORIGINS: ReadonlyMap<string, NonNullable<Nic['macOrigin']>> = new Map([
  ['static', 'manual'],
  ['generated', 'generated'],
  ['vpx', 'assigned'],
]);

/** NICs that are present, by number: the order that a guest sees unless PCI slots say otherwise. */
export function readNics(values: VmxValues): readonly Nic[] {
  return values
    .indices('ethernet')
    .filter((index) => values.flag(`ethernet${index}.present`) === true)
    .map((index, position) => readNic(values, `ethernet${index}`, position));
}

function readNic(values: VmxValues, key: string, position: number): Nic {
  const written = values.text(`${key}.virtualdev`);
  const model = written === undefined ? undefined : MODELS.get(written.toLowerCase());
  const type = values.text(`${key}.addresstype`)?.toLowerCase();
  const fixed = values.text(`${key}.address`);
  const generated = values.text(`${key}.generatedaddress`);
  const mac = type === 'static' ? fixed : (generated ?? fixed);
  return defined({
    key,
    label: `Network adapter ${position + 1}`,
    model,
    modelName: model === undefined ? written : undefined,
    mac: parseMac(mac ?? ''),
    macOrigin: ORIGINS.get(type ?? ''),
    network: readNetwork(values, key),
    startConnected: values.flag(`${key}.startconnected`),
  });
}

/** ESXi names a port group or the key of a distributed one; Workstation a kind of network and, for `custom`, a switch. */
function readNetwork(values: VmxValues, key: string): NetworkRef | undefined {
  const portGroup = values.text(`${key}.dvs.portgroupid`);
  const name = values.text(`${key}.networkname`) ?? portGroup;
  if (name !== undefined) return { id: portGroup ?? name, name };
  const vnet = values.text(`${key}.vnet`);
  const kind = values.text(`${key}.connectiontype`);
  const found = vnet ?? kind;
  return found === undefined ? undefined : { id: found, name: found };
}
