import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-independent',
  category: 'Warning',
  label: 'Independent disk',
  about: 'Independent disks are left out of the snapshots of the source. On the target every disk is part of them.',
  subject: 'disks[].mode',
  remedy: 'Decide whether the disk may become part of snapshots on the target.',
  check({ disks }) {
    return disks.flatMap(({ label, mode }, index) => {
      if (mode === undefined || mode === 'persistent') return [];
      const assessment =
        mode === 'independent-nonpersistent'
          ? `${label} forgets its changes at every power-off at the source; on the target it keeps them. Migrate it in the state that it should have.`
          : `${label} cannot be read through a snapshot: shut the VM down for the copy.`;
      return [{ subject: `disks[${index}].mode`, assessment }];
    });
  },
};
