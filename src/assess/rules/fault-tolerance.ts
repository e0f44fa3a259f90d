import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'fault-tolerance',
  category: 'Warning',
  label: 'Fault tolerance ends',
  about:
    'A second instance runs in lock step with the VM. KubeVirt has no such thing: after a node fails, the VM starts anew on another one. Snapshots and change tracking are not possible while it is on.',
  subject: 'availability.faultTolerance',
  remedy: 'Switch fault tolerance off before the migration, and make sure that a restart is good enough.',
  check({ availability }) {
    return found(
      'availability.faultTolerance',
      availability?.faultTolerance === true
        ? 'Switch fault tolerance off before the migration. On the target a node failure means a restart, not a seamless switch.'
        : undefined,
    );
  },
};
