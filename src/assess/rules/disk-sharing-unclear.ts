import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-sharing-unclear',
  category: 'Critical',
  label: 'Disk may be shared with other VMs',
  about:
    'The disk is set up so that several VMs can write it: the multi-writer flag, a shared VHDX or a VHD Set. Whether others do is not known.',
  subject: 'disks[].sharing',
  remedy: 'Find out who else uses the disk, and migrate all of them together.',
  check(vm) {
    return onDisks(vm, 'sharing', ({ sharing, shared, label }) =>
      sharing === undefined || shared !== undefined
        ? undefined
        : `${label} is open for sharing (${sharing}). If another VM writes it, migrate them together onto one ReadWriteMany block claim.`,
    );
  },
};
