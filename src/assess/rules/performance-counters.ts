import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'performance-counters',
  category: 'Information',
  label: 'Performance counters',
  about: 'The guest sees hardware performance counters. On the target that depends on the CPU model and on the node.',
  subject: 'cpu.performanceCounters',
  remedy: 'Use the CPU model host-passthrough if profilers in the guest need them.',
  check({ cpu }) {
    return found(
      'cpu.performanceCounters',
      cpu.performanceCounters === true
        ? 'Profilers in the guest may find none. The CPU model host-passthrough shows them.'
        : undefined,
    );
  },
};
