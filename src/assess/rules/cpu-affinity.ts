import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cpu-affinity',
  category: 'Warning',
  label: 'Bound to processors of its host',
  about: 'The VM may run on certain processors of the old host only. The numbers mean nothing on another machine.',
  subject: 'cpu.affinity',
  remedy: 'Ask for dedicated CPUs on the target if pinning matters.',
  check({ cpu }) {
    if (cpu.affinity === undefined || cpu.affinity === '') return [];
    return [
      {
        subject: 'cpu.affinity',
        assessment: `The binding to ${cpu.affinity} is dropped. If it was for speed, use dedicatedCpuPlacement on nodes with the static CPU manager; if for a licence, use node labels.`,
      },
    ];
  },
};
