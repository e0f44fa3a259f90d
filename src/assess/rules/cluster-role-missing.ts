import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cluster-role-missing',
  category: 'Warning',
  label: 'VM on a cluster without a role',
  about:
    'The VM runs on a node of a failover cluster but is no role of it. It may be a leftover, or a copy that nobody protects.',
  subject: 'availability.highAvailability',
  remedy: 'Make sure that it is the VM you mean.',
  check({ availability, platform, placement }) {
    if (platform.vendor !== 'hyperv' || placement?.cluster === undefined) return [];
    if (availability?.highAvailability !== false || availability.clusterRole !== undefined) return [];
    return found(
      'availability.highAvailability',
      `The VM runs in the cluster ${placement.cluster} but is not registered as a role. Make sure that it is the one in use.`,
    );
  },
};
