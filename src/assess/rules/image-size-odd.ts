import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'image-size-odd',
  category: 'Warning',
  label: 'Image is no whole number of sectors',
  about:
    'A raw image whose size is no multiple of 512 bytes was probably cut off. It is filled up with zeros to the next sector.',
  subject: 'extras[]',
  remedy: 'Check that the image is whole.',
  check({ extras }) {
    return extras.flatMap(({ path, value }, index) =>
      /(^|\/)image\/size$/.test(path)
        ? [
            {
              subject: `extras[${index}]`,
              assessment: `The image has ${value} bytes. Compare it with the original before you trust it.`,
            },
          ]
        : [],
    );
  },
};
