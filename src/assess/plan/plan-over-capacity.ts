import { formatBytes } from '../../model/units.ts';
import type { PlanRule } from '../plan-rule.ts';

export const rule: PlanRule = {
  id: 'plan-over-capacity',
  category: 'Warning',
  label: 'Nodes have too little memory for all VMs at once',
  about:
    'The guests’ memory together is more than the nodes have free. Memory is reserved in full, so that some VMs would not start.',
  subject: 'vms',
  remedy: 'Add nodes, or leave some of the VMs off.',
  check({ memory, vms, facts }) {
    const free = facts.nodes?.free?.memory;
    if (free === undefined || memory <= free) return [];
    return [
      {
        subject: 'vms',
        assessment: `The VMs of this plan (${vms}) have ${formatBytes(memory)} of memory together, and the nodes have ${formatBytes(free)} free. Not all of them can run at once.`,
      },
    ];
  },
};
