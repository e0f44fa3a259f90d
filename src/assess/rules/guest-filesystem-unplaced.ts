import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-filesystem-unplaced',
  category: 'Information',
  label: 'File system on no known disk',
  about: 'The source says for some file systems of the guest on which disk they lie, and for this one not.',
  subject: 'guest.filesystems[]',
  remedy: 'Look into the guest before leaving any disk out.',
  check({ guest }) {
    const filesystems = guest.filesystems ?? [];
    if (!filesystems.some(({ disks }) => disks !== undefined && disks.length > 0)) return [];
    return filesystems.flatMap(({ path, disks }, index) =>
      disks === undefined || disks.length === 0
        ? [
            {
              subject: `guest.filesystems[${index}].disks`,
              assessment: `${path} may lie on a network share, on a disk that the guest mounts by itself (iSCSI, NFS), or on one that the source cannot name.`,
            },
          ]
        : [],
    );
  },
};
