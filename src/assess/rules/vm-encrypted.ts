import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'vm-encrypted',
  category: 'Critical',
  label: 'VM is encrypted',
  about:
    'The configuration of the VM is encrypted by the old hypervisor. Facts may be missing, and disks are likely to be unreadable.',
  check({ extras }) {
    const index = extras.findIndex(({ path }) => /encryption\.(keysafe|data|encryptedkey|required)/i.test(path));
    if (index < 0) return [];
    return [
      { subject: `extras[${index}]`, assessment: 'Decrypt the VM at the source (remove the encryption policy), then migrate.' },
    ];
  },
};
