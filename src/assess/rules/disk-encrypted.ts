import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-encrypted',
  category: 'Critical',
  label: 'Disk encrypted by the hypervisor',
  about:
    'The image is encrypted with a key that only the old hypervisor’s key server has. Encryption inside the guest (LUKS, BitLocker) is not meant and moves along.',
  subject: 'disks[].encrypted',
  remedy: 'Decrypt the disk at the source.',
  check({ disks }) {
    return disks.flatMap(({ label, encrypted }, index) =>
      encrypted === true
        ? [{ subject: `disks[${index}].encrypted`, assessment: `${label} cannot be read: decrypt it at the source first.` }]
        : [],
    );
  },
};
