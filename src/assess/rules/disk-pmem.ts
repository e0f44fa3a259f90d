import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-pmem',
  category: 'Warning',
  label: 'Persistent memory becomes a disk',
  about: 'The guest sees the device as memory that keeps its contents, and may use it without a file system cache (DAX).',
  subject: 'disks[].pmem',
  remedy: 'Change mounts and software in the guest that insist on persistent memory.',
  check(vm) {
    return onDisks(vm, 'pmem', ({ pmem, label }) =>
      pmem === true
        ? `${label} becomes a disk: remove the dax option from its mounts, and look for software that maps the device.`
        : undefined,
    );
  },
};
