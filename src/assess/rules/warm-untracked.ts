import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'warm-untracked',
  category: 'Warning',
  label: 'Tracking cannot be switched on while there are snapshots',
  about:
    'Tracking of changed blocks begins in vSphere only while the VM has no snapshot. Until then each pass of a warm migration, the last one while the VM is off as well, reads the whole disk and compares.',
  subject: 'snapshots.count',
  remedy: 'Delete the snapshots before a warm migration begins, or let the backup that holds them finish.',
  check({ snapshots, disks, platform }, { type }) {
    const count = snapshots.count ?? 0;
    if (type !== 'warm' || platform.vendor === 'hyperv' || count === 0) return [];
    const untracked = disks.filter(({ changeTracking }) => changeTracking === false).map(({ label }) => label);
    if (untracked.length === 0) return [];
    return found(
      'snapshots.count',
      `${count === 1 ? 'One snapshot keeps' : `${count} snapshots keep`} ${untracked.join(', ')} from being tracked: each pass compares ${untracked.length === 1 ? 'it' : 'them'} as a whole. Delete ${count === 1 ? 'it' : 'them'} first.`,
    );
  },
};
