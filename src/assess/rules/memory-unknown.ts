import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'memory-unknown',
  category: 'Warning',
  label: 'Memory size unknown',
  about: 'The source says nothing about memory, as bare disk images never do. A default is used.',
  subject: 'memory.size',
  remedy: 'Give the size with --memory.',
  check({ memory }, { options }) {
    if ((memory.size ?? 0) > 0 || options.memory !== undefined) return [];
    return [{ subject: 'memory.size', assessment: 'The VM gets 2 GiB. Give the size with --memory if it had more.' }];
  },
};
