import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

const SECTOR = 512;

export const rule: Rule = {
  id: 'disk-4kn-vhdx',
  category: 'Critical',
  label: 'VHDX with 4096-byte sectors',
  about: 'QEMU opens VHDX images with 512-byte sectors only, so that the image cannot be read from its file.',
  subject: 'disks[].sectorSize',
  remedy:
    'Convert the disk at the source to 512-byte sectors (Set-VHD, new partition table), or copy its content from inside the guest.',
  check(vm) {
    return onDisks(vm, 'sectorSize', ({ format, sectorSize, label }) =>
      format.container === 'vhdx' && sectorSize !== undefined && sectorSize !== SECTOR
        ? `${label} has ${sectorSize}-byte sectors and cannot be opened. Move its content to a disk with ${SECTOR}-byte sectors first.`
        : undefined,
    );
  },
};
