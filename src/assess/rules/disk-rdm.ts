import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-rdm',
  category: 'Warning',
  label: 'Raw device instead of a disk file',
  about:
    'The guest was given a whole LUN or physical disk. Its content is copied to a volume; functions of the array behind it are gone.',
  subject: 'disks[].passthrough',
  remedy: 'Check multipathing, array snapshots and cluster use in the guest.',
  check({ disks }) {
    return disks.flatMap(({ label, passthrough }, index) =>
      passthrough === undefined
        ? []
        : [
            {
              subject: `disks[${index}].passthrough`,
              assessment: `${label} (${passthrough}) becomes an ordinary volume. Check multipathing, array snapshots and cluster use in the guest.`,
            },
          ],
    );
  },
};
