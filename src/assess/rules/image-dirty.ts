import type { Rule } from '../rule.ts';

/** What the image readers note when an image says that its last writer did not finish. */
const SIGN = /(^|\/)image\/(savedState|dirty|dirtyLog|uncleanShutdown)$/;

export const rule: Rule = {
  id: 'image-dirty',
  category: 'Warning',
  label: 'Image was not closed cleanly',
  about:
    'The image itself says that its writer stopped in the middle, or that the VM was saved in a running state. Its content may be that of a machine whose power was cut.',
  subject: 'extras[]',
  remedy: 'Shut the VM down cleanly and export it again.',
  check({ extras }) {
    return extras.flatMap(({ path }, index) =>
      SIGN.test(path)
        ? [
            {
              subject: `extras[${index}]`,
              assessment: `${path} is set. Shut the VM down cleanly at the source and take the image again, or check the guest’s file systems after the migration.`,
            },
          ]
        : [],
    );
  },
};
