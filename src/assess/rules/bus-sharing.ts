import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'bus-sharing',
  category: 'Critical',
  label: 'SCSI bus sharing',
  about:
    'The controller is shared with other VMs, as failover clusters need it. They use SCSI reservations, which ordinary disks of KubeVirt do not have.',
  subject: 'controllers[].sharing',
  remedy: 'Rebuild the shared disks on the target as LUNs with persistent reservations, or use another kind of redundancy.',
  check({ controllers }) {
    return controllers.flatMap(({ key, sharing }, index) =>
      sharing === undefined || sharing === 'none'
        ? []
        : [
            {
              subject: `controllers[${index}].sharing`,
              assessment: `${key} is shared (${sharing}). Rebuild the cluster’s shared disks on the target as LUNs with persistent reservations, or replace the cluster by another kind of redundancy.`,
            },
          ],
    );
  },
};
