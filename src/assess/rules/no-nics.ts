import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'no-nics',
  category: 'Information',
  label: 'VM has no NIC',
  about: 'The VM is created without a network, as it was at the source.',
  subject: 'nics',
  remedy: 'Make sure that this is meant.',
  check({ nics, packaging }) {
    if (nics.length > 0) return [];
    const bare = packaging?.kind === 'image';
    return [
      {
        subject: 'nics',
        assessment: bare
          ? 'A bare disk image says nothing about networks. Add an interface to the manifest if the guest needs one.'
          : 'Make sure that this is meant.',
      },
    ];
  },
};
