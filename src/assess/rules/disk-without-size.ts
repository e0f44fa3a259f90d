import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-without-size',
  category: 'Critical',
  label: 'Disk without a size',
  about: 'The source states a capacity of zero bytes, which no guest can use.',
  subject: 'disks[].capacity',
  remedy: 'Correct the description, or remove the disk.',
  check({ disks }) {
    return disks.flatMap(({ label, capacity }, index) =>
      capacity > 0
        ? []
        : [
            {
              subject: `disks[${index}].capacity`,
              assessment: `${label} is empty in the description: correct it, or remove the disk from the VM.`,
            },
          ],
    );
  },
};
