/** Ethernet items. */

import { defined } from '../../../src/model/defined.ts';
import { parseMac } from '../../../src/model/units.ts';
import type { Nic, NicModel } from '../../../src/model/vm.ts';
import { cim, firstSubType, type Hardware, type HardwareItem, RESOURCE } from './hardware.ts';
import { parseFlag } from './values.ts';
import type { VboxAdapter } from './virtualbox.ts';

/**
 * Words of VMware, VirtualBox, Xen and Hyper-V, lower case. oVirt writes numbers: its engine's VmInterfaceType
 * (1 rtl8139, 2 e1000, 3 virtio, 6 e1000e).
 */
const MODELS: ReadonlyMap<string, NicModel> = new Map([
  ['vmxnet', 'vmxnet'],
  ['vmxnet2', 'vmxnet2'],
  ['vmxnet3', 'vmxnet3'],
  ['vmware.vmxnet3vrdma', 'vmxnet3'],
  ['e1000', 'e1000'],
  ['82540em', 'e1000'],
  ['82543gc', 'e1000'],
  ['82545em', 'e1000'],
  ['2', 'e1000'],
  ['e1000e', 'e1000e'],
  ['82583v', 'e1000e'],
  ['6', 'e1000e'],
  ['pcnet', 'pcnet'],
  ['pcnet32', 'pcnet'],
  ['pcnet-pci', 'pcnet'],
  ['pcnet-fast', 'pcnet'],
  ['am79c970a', 'pcnet'],
  ['am79c973', 'pcnet'],
  ['flexible', 'flexible'],
  ['rtl8139', 'rtl8139'],
  ['1', 'rtl8139'],
  ['ne2k', 'ne2k'],
  ['ne2k_pci', 'ne2k'],
  ['virtio', 'virtio'],
  ['virtio-net', 'virtio'],
  ['virtionet', 'virtio'],
  ['3', 'virtio'],
  ['sriov', 'sriov'],
  ['vmware.sriov', 'sriov'],
  ['synthetic', 'hyperv-synthetic'],
  ['emulated', 'hyperv-legacy'],
]);

export function isNicItem(item: HardwareItem): boolean {
  return item.type === RESOURCE.ethernet || item.type === RESOURCE.otherEthernet;
}

/** NICs in the order of the file. VirtualBox keeps MAC addresses in its own section, one adapter an item in the same order. */
export function readNics(hardware: Hardware, adapters: readonly VboxAdapter[]): readonly Nic[] {
  return hardware.items.filter(isNicItem).map((item, index) => {
    const adapter = adapters[index];
    const model = MODELS.get(firstSubType(item));
    const network = item.connection;
    return defined({
      key: `ethernet${index}`,
      label: item.name ?? `Network adapter ${index + 1}`,
      model,
      modelName: model === undefined ? item.subType : undefined,
      mac: parseMac(item.address ?? '') ?? parseMac(cim(item.element, 'MACAddress') ?? '') ?? adapter?.mac,
      network: network === undefined ? undefined : { id: network, name: network },
      connected: parseFlag(cim(item.element, 'Linked')) ?? adapter?.cable,
      startConnected: item.automatic,
    });
  });
}
