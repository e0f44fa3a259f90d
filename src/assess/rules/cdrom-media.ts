import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cdrom-media',
  category: 'Information',
  label: 'Medium in the CD-ROM drive',
  about: 'The drive moves, the medium does not.',
  subject: 'cdroms[].media',
  remedy: 'Add the medium to the target as a volume if the guest needs it.',
  check({ cdroms }) {
    return cdroms.flatMap(({ media }, index) =>
      media === undefined || media === ''
        ? []
        : [
            {
              subject: `cdroms[${index}].media`,
              assessment: `${media} stays behind. If the guest needs it, add it to the target as a volume of its own.`,
            },
          ],
    );
  },
};
