import type { Rule } from '../rule.ts';

const SECTOR = 512;

export const rule: Rule = {
  id: 'disk-4kn',
  category: 'Warning',
  label: 'Sectors other than 512 bytes',
  about:
    'Partition tables count in sectors, so the target must show the same size. Not every storage class and no SATA disk can.',
  subject: 'disks[].sectorSize',
  remedy: 'Use virtio and a storage class that can show such sectors; boot with UEFI.',
  check({ disks }) {
    return disks.flatMap(({ label, sectorSize }, index) =>
      sectorSize === undefined || sectorSize === SECTOR
        ? []
        : [
            {
              subject: `disks[${index}].sectorSize`,
              assessment: `${label} keeps its ${sectorSize}-byte sectors. BIOS firmware cannot boot from such a disk, and neither can a guest without virtio drivers.`,
            },
          ],
    );
  },
};
