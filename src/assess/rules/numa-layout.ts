import type { Cpu } from '../../model/vm.ts';
import type { Rule } from '../rule.ts';

/** Hypervisors state the size of a node, and the number follows from it. */
function nodesBySize({ count, numaNodeSize }: Cpu): number {
  if (count === undefined || numaNodeSize === undefined || numaNodeSize < 1) return 1;
  return Math.ceil(count / numaNodeSize);
}

export const rule: Rule = {
  id: 'numa-layout',
  category: 'Warning',
  label: 'NUMA layout is not kept',
  about:
    'The guest saw several NUMA nodes. KubeVirt can only pass the layout of its own node through, with dedicated CPUs and huge pages.',
  subject: 'cpu.numaNodes',
  remedy: 'Measure software that is tuned for NUMA again.',
  check({ cpu }) {
    const nodes = cpu.numaNodes ?? nodesBySize(cpu);
    if (nodes < 2) return [];
    return [
      {
        subject: cpu.numaNodes === undefined ? 'cpu.numaNodeSize' : 'cpu.numaNodes',
        assessment: `The guest will see one node instead of ${nodes}. Databases that are tuned for NUMA should be measured again.`,
      },
    ];
  },
};
