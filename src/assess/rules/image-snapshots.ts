import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'image-snapshots',
  category: 'Warning',
  label: 'Snapshots inside the image',
  about: 'A qcow2 image can hold snapshots. Only the present state is migrated.',
  subject: 'extras[]',
  remedy: 'Keep the image until nobody needs its snapshots.',
  check({ extras }) {
    return extras.flatMap(({ path, value }, index) =>
      /(^|\/)image\/internalSnapshots$/.test(path)
        ? [
            {
              subject: `extras[${index}]`,
              assessment: `Snapshots that stay behind: ${value}. Keep the image until nobody needs them.`,
            },
          ]
        : [],
    );
  },
};
