/** What prepare() needs to work on a synthetic fleet. */
import type { Connection } from '../../src/contracts/provider.ts';
import type { NetworkMap, StorageMap } from '../../src/model/mapping.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import type { PrepareRequest } from '../../src/prepare.ts';

/** A source that makes its VMs when they are asked for, so that it takes no memory itself. */
export function connectionOf(count: number, vm: (number: number) => SourceVm): Connection {
  return {
    name: 'vcenter.corp.example',
    async *vms() {
      for (let number = 0; number < count; number += 1) yield vm(number);
    },
    surroundings: async () => ({ networks: [], storages: [], hosts: [] }),
    openDisk: async () => {
      throw new Error('a synthetic fleet has no disks to read');
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

export function requestFor(networkMap: NetworkMap, storageMap: StorageMap): PrepareRequest {
  return { vms: [], type: 'cold', networkMap, storageMap, facts: {}, options: { devices: 'virtio' }, forecast: {} };
}
