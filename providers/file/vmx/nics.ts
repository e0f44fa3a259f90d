/** `ethernetN.*`. Pure. */

import { defined } from '../../../src/model/defined.ts';
import type { NetworkRef } from '../../../src/model/network.ts';
import { parseMac } from '../../../src/model/units.ts';
import type { Nic } from '../../../src/model/vm.ts';
import type { VmxValues } from './values.ts';

const MODELS = {
  vmxnet: 'vmxnet',
  vmxnet2: 'vmxnet2',
  vmxnet3: 'vmxnet3',
  e1000: 'e1000',
  e1000e: 'e1000e',
  vlance: 'pcnet',
  flexible: 'flexible',
  sriov: 'sriov',
} as const;

const ORIGINS = { static: 'manual', generated: 'generated', vpx: 'assigned' } as const;

/** NICs that are present, by number: the order that a guest sees unless PCI slots say otherwise. */
export function readNics(values: VmxValues): readonly Nic[] {
  return values
    .indices('ethernet')
    .filter((index) => values.flag(`ethernet${index}.present`) === true)
    .map((index, position) => readNic(values, `ethernet${index}`, position));
}

function readNic(values: VmxValues, key: string, position: number): Nic {
  const model = values.word(`${key}.virtualdev`, MODELS);
  const macOrigin = values.word(`${key}.addresstype`, ORIGINS);
  const fixed = values.text(`${key}.address`);
  const generated = values.text(`${key}.generatedaddress`);
  const mac = macOrigin === 'manual' ? fixed : (generated ?? fixed);
  return defined({
    key,
    label: `Network adapter ${position + 1}`,
    model,
    modelName: model === undefined ? values.text(`${key}.virtualdev`) : undefined,
    mac: parseMac(mac ?? ''),
    macOrigin,
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
