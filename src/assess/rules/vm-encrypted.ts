import type { Rule } from '../rule.ts';

const ADVICE = 'Decrypt the VM at the source (remove the encryption policy), then migrate.';
const ENCRYPTION_KEY = /encryption\.(keysafe|data|encryptedkey|required)/i;

export const rule: Rule = {
  id: 'vm-encrypted',
  category: 'Critical',
  label: 'VM is encrypted',
  about:
    'The configuration of the VM is encrypted by the old hypervisor. Facts may be missing, and disks are likely to be unreadable.',
  subject: 'encrypted',
  remedy: 'Decrypt the VM at the source.',
  check({ encrypted, extras }) {
    if (encrypted === true) return [{ subject: 'encrypted', assessment: ADVICE }];
    const index = extras.findIndex(({ path }) => ENCRYPTION_KEY.test(path));
    if (index < 0) return [];
    return [{ subject: `extras[${index}]`, assessment: ADVICE }];
  },
};
