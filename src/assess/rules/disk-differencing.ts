import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-differencing',
  category: 'Information',
  label: 'Disk consists of a chain of images',
  about: 'The disk is a snapshot or differencing image on top of others. The whole chain is read into one disk.',
  subject: 'disks[].parents',
  remedy: 'Leave all images of the chain alone until the migration is proven.',
  check({ disks }) {
    return disks.flatMap(({ label, parents }, index) =>
      parents === undefined || parents.length === 0
        ? []
        : [
            {
              subject: `disks[${index}].parents`,
              assessment: `${label} needs ${parents.join(', ')} as well. Do not move or change them until the migration is proven.`,
            },
          ],
    );
  },
};
