import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'snapshots-automatic',
  category: 'Information',
  label: 'Automatic checkpoints are on',
  about: 'Hyper-V on Windows clients makes a checkpoint at each start, so that the disks are differencing images all the time.',
  subject: 'snapshots.list',
  remedy: 'Switch automatic checkpoints off before a migration while the VM runs.',
  check({ snapshots }) {
    const automatic = (snapshots.list ?? []).some(({ kind }) => kind === 'automatic');
    return found(
      'snapshots.list',
      automatic
        ? 'Switch them off (Set-VM -AutomaticCheckpointsEnabled $false) and delete the present one: the copy is quicker then.'
        : undefined,
    );
  },
};
