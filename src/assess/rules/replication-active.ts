import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'replication-active',
  category: 'Warning',
  label: 'VM is replicated',
  about:
    'The source keeps a copy of the VM elsewhere. Replication is not set up on the target, and it goes on from the old VM until somebody ends it. Critical for the replica itself, which is not the VM that runs.',
  subject: 'availability.replication',
  remedy:
    'End the replication after the cutover and set up a new one with the tools of the target’s storage. Migrate the primary, never the replica.',
  check({ availability }) {
    const replication = availability?.replication;
    if (replication === undefined) return [];
    const subject = 'availability.replication';
    if (replication.mode !== 'primary') {
      return [
        {
          subject,
          category: 'Critical',
          assessment: 'This is a replica and lags behind. Migrate the primary VM, or fail over first.',
        },
      ];
    }
    return [{ subject, assessment: 'End the replication after the cutover, and protect the VM on the target by other means.' }];
  },
};
