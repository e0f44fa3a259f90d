import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'proof-encrypted',
  category: 'Warning',
  label: 'Encrypted guest waits for a passphrase in its proof',
  about:
    'A guest whose root is encrypted asks for its passphrase at each start, or asks a Clevis server by network. Nobody types it during the boot proof, and a proof on this machine has no network that leads there: the guest is not seen to boot and the migration fails.',
  subject: 'options.proof',
  remedy: 'Migrate this VM with --prove none and look at its first start yourself.',
  check(_vm, { guest, inspection }) {
    if (guest.proof === undefined) return [];
    const { keys, clevis } = guest.conversion ?? {};
    const luks = inspection?.encrypted.filter(({ kind }) => kind === 'luks').map(({ device }) => device);
    if (luks === undefined ? keys === undefined && clevis === undefined : luks.length === 0) return [];
    const what = luks === undefined ? 'The guest is said to be encrypted' : `${luks.join(', ')} of the guest is encrypted`;
    return found(
      'options.proof',
      `${what}: unless it opens its root by itself (a key file in the initial RAM disk), it waits for a passphrase that nobody types. Migrate it with --prove none, or be ready to take the failed proof for that.`,
    );
  },
};
