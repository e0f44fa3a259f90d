import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'signature-unchecked',
  category: 'Information',
  label: 'Signature not checked',
  about: 'A certificate accompanies the manifest. The digests are checked; who signed them is not.',
  subject: 'packaging.certificate',
  remedy: 'Check the signature yourself if it matters.',
  check({ packaging }) {
    if (packaging?.certificate !== true) return [];
    return [
      {
        subject: 'packaging.certificate',
        assessment: 'If the origin of the package matters, verify the signature with the tool of its vendor before you migrate.',
      },
    ];
  },
};
