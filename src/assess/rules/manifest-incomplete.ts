import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'manifest-incomplete',
  category: 'Warning',
  label: 'Manifest does not cover every file',
  about: 'A manifest is there, but files of the package are not in it: somebody added or renamed them after the export.',
  subject: 'packaging.unlisted',
  remedy: 'Ask the publisher for a complete package.',
  check({ packaging }) {
    const unlisted = packaging?.unlisted ?? [];
    if (unlisted.length === 0) return [];
    return [
      {
        subject: 'packaging.unlisted',
        assessment: `The manifest says nothing about ${unlisted.join(', ')}. Make sure that these files are what you expect, or export the VM again.`,
      },
    ];
  },
};
