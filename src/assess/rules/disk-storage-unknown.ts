import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-storage-unknown',
  category: 'Warning',
  label: 'Datastore of a disk unknown',
  about:
    'A hypervisor names the datastore or volume of each disk. Here it does not, so that a storage map cannot name it, and the disk may be gone.',
  subject: 'disks[].storage',
  remedy: 'Look at the disk at the source; detach it if its file is gone.',
  check(vm) {
    if (vm.packaging !== undefined || (vm.platform.vendor !== 'vmware' && vm.platform.vendor !== 'hyperv')) return [];
    return onDisks(vm, 'storage', ({ storage, passthrough, label }) =>
      storage === undefined && passthrough === undefined
        ? `${label} lies on no known storage. Its claim gets the default class; check that the disk exists.`
        : undefined,
    );
  },
};
