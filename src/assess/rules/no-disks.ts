import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'no-disks',
  category: 'Warning',
  label: 'VM has no disk',
  about: 'There is nothing to copy. Such a VM boots from the network or from a CD-ROM, or the description is incomplete.',
  subject: 'disks',
  remedy: 'Make sure that this is meant.',
  check({ disks }) {
    if (disks.length > 0) return [];
    return [{ subject: 'disks', assessment: 'Make sure that this is meant. The VM is created without a disk.' }];
  },
};
