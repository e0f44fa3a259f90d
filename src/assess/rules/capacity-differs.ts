import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'capacity-differs',
  category: 'Warning',
  label: 'Declared capacity differs from the image',
  about:
    'The descriptor declares a larger disk than the image holds. VMware would grow the disk on import; kubeferry keeps the size that the guest had.',
  subject: 'extras[]',
  remedy: 'Correct the description, or check that the image is the right one.',
  check({ extras }) {
    return extras.flatMap(({ path, value }, index) =>
      /^disk\[.*\]\/ovf:capacity$/.test(path)
        ? [
            {
              subject: `extras[${index}]`,
              assessment: `${value}. The guest gets the size of the image; enlarge the claim on the target if it needs more.`,
            },
          ]
        : [],
    );
  },
};
