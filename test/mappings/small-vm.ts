/** The least that a SourceVm can be, for tests that look at one fact. */

import { GiB } from '../../src/model/units.ts';
import type { Disk, Nic, SourceVm } from '../../src/model/vm.ts';

/** A VM of which nothing is known but its name; `facts` replaces whole parts. */
export function smallVm(facts: Partial<SourceVm> = {}): SourceVm {
  return {
    ref: { id: 'vm-1', name: 'web' },
    name: 'web',
    cpu: {},
    memory: {},
    firmware: {},
    identity: {},
    clock: {},
    guest: {},
    controllers: [],
    disks: [],
    cdroms: [],
    nics: [],
    devices: [],
    snapshots: {},
    platform: {},
    extras: [],
    ...facts,
  };
}

export function disk(facts: Partial<Disk> = {}): Disk {
  return { key: 'scsi0:0', label: 'Hard disk 1', capacity: GiB, format: { container: 'raw' }, ...facts };
}

export function nic(facts: Partial<Nic> = {}): Nic {
  return { key: 'ethernet0', label: 'Network adapter 1', ...facts };
}
