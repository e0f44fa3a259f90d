import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cluster-services',
  category: 'Information',
  label: 'Cluster services of the source end',
  about:
    'High availability, automatic balancing and power management belong to the old cluster. Kubernetes has counterparts that work in other ways.',
  subject: 'availability',
  remedy: 'Look at eviction strategy, node health checks and the descheduler of the target.',
  check({ availability }) {
    if (availability === undefined) return [];
    const { highAvailability, restartPriority, drs, dpm } = availability;
    return [
      ...found(
        'availability.highAvailability',
        highAvailability === true
          ? `The old cluster restarts the VM elsewhere${restartPriority === undefined ? '' : ` (priority ${restartPriority})`}. On the target a node health check must declare a node dead before its VMs start again.`
          : undefined,
      ),
      ...found(
        'availability.drs',
        drs === undefined ? undefined : `DRS (${drs}) moved the VM by itself; Kubernetes does so only with a descheduler.`,
      ),
      ...found('availability.dpm', dpm === true ? 'Power management of hosts is a matter of the target’s nodes.' : undefined),
    ];
  },
};
