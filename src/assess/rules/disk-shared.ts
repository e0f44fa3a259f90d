import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-shared',
  category: 'Critical',
  label: 'Disk shared with other VMs',
  about:
    'Several VMs write the disk. Each VM that is migrated by itself would get a copy of its own, and the cluster software inside would split.',
  subject: 'disks[].shared',
  remedy: 'Migrate all VMs that use the disk together, onto one ReadWriteMany block claim.',
  check({ disks }) {
    return disks.flatMap(({ label, shared }, index) =>
      shared === true
        ? [
            {
              subject: `disks[${index}].shared`,
              assessment: `${label} must exist once on the target: stop all VMs that use it, migrate them together, and let one claim (ReadWriteMany, Block) serve all of them.`,
            },
          ]
        : [],
    );
  },
};
