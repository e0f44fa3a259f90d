import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'consolidation-needed',
  category: 'Warning',
  label: 'Disks need consolidation',
  about: 'Snapshots were deleted, but their disks are still in use.',
  subject: 'snapshots.consolidationNeeded',
  remedy: 'Consolidate the disks at the source first.',
  check({ snapshots }) {
    if (snapshots.consolidationNeeded !== true) return [];
    return [
      {
        subject: 'snapshots.consolidationNeeded',
        assessment: 'Consolidate the disks at the source first; until then change tracking is not reliable and reading is slow.',
      },
    ];
  },
};
