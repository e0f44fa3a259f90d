import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cpu-unknown',
  category: 'Warning',
  label: 'Number of processors unknown',
  about: 'The source says nothing about processors, as bare disk images never do. A default is used.',
  subject: 'cpu.count',
  remedy: 'Give the number with --cpus.',
  check({ cpu }, { options }) {
    if ((cpu.count ?? 0) > 0 || options.cpus !== undefined) return [];
    return [{ subject: 'cpu.count', assessment: 'The VM gets 2 virtual CPUs. Give the number with --cpus if it had more.' }];
  },
};
