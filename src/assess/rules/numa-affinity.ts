import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'numa-affinity',
  category: 'Warning',
  label: 'VM is bound to NUMA nodes',
  about: 'The VM is bound to NUMA nodes of its host. The numbers mean nothing on another machine.',
  subject: 'cpu.numaAffinity',
  remedy: 'Ask for dedicated CPUs on the target, which keeps a VM on one NUMA node where it fits.',
  check({ cpu }) {
    const { numaAffinity } = cpu;
    return found(
      'cpu.numaAffinity',
      numaAffinity === undefined || numaAffinity === ''
        ? undefined
        : `The binding to node ${numaAffinity} is dropped. Ask for dedicated CPUs if memory must be near.`,
    );
  },
};
