import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'numa-layout',
  category: 'Warning',
  label: 'NUMA layout is not kept',
  about:
    'The guest saw several NUMA nodes. KubeVirt can only pass the layout of its own node through, with dedicated CPUs and huge pages.',
  check({ cpu }) {
    const nodes = cpu.numaNodes ?? 1;
    if (nodes < 2) return [];
    return [
      {
        subject: 'cpu.numaNodes',
        assessment: `The guest will see one node instead of ${nodes}. Databases that are tuned for NUMA should be measured again.`,
      },
    ];
  },
};
