import { MiB } from '../../model/units.ts';
import type { Rule } from '../rule.ts';

const SECTOR = 512;

export const rule: Rule = {
  id: 'disk-size-odd',
  category: 'Information',
  label: 'Disk size is no whole MiB',
  about:
    'Volumes come in whole MiB. On a block volume the guest sees a slightly larger disk. A size that is no multiple of 512 bytes is a Warning: no disk has one.',
  subject: 'disks[].capacity',
  remedy: 'Nothing; check the end of the disk in the guest if it looks for data there.',
  check({ disks }) {
    return disks.flatMap(({ label, capacity }, index) => {
      if (capacity % MiB === 0) return [];
      const subject = `disks[${index}].capacity`;
      if (capacity % SECTOR !== 0) {
        return [
          {
            subject,
            category: 'Warning' as const,
            assessment: `${label} has ${capacity} bytes, which is not a whole number of sectors: the image may be cut off.`,
          },
        ];
      }
      return [
        {
          subject,
          assessment: `${label} has ${capacity} bytes. Its backup partition table may no longer be at the very end on a block volume; the guest’s tools can move it.`,
        },
      ];
    });
  },
};
