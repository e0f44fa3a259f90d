import type { Rule } from '../rule.ts';

const CLOSED = ' A conversion cannot open an encrypted volume: decrypt it first (manage-bde -off).';

export const rule: Rule = {
  id: 'tpm-present',
  category: 'Warning',
  label: 'Contents of the virtual TPM are lost',
  about:
    'The target gets a new TPM: nothing that was sealed in the old one can be opened. Critical for Windows, where BitLocker is likely to depend on it.',
  subject: 'firmware.tpm',
  remedy: 'Suspend BitLocker, or have recovery keys and passphrases at hand.',
  check(vm, { os, policy }) {
    if (vm.firmware.tpm !== true) return [];
    const subject = 'firmware.tpm';
    if (os?.family === 'windows') {
      return [
        {
          subject,
          category: 'Critical',
          assessment: `BitLocker is likely in use: suspend it before the migration (Suspend-BitLocker -RebootCount 0) or have the recovery key at hand. Windows Hello and certificates in the TPM must be set up again.${policy === 'convert' ? CLOSED : ''}`,
        },
      ];
    }
    const who =
      os === undefined ? 'The guest system is unknown: if it is Windows, suspend BitLocker first. Otherwise look' : 'Look';
    return [
      {
        subject,
        assessment: `${who} for disks that unlock by TPM (clevis, systemd-cryptenroll) and add a passphrase before the migration.`,
      },
    ];
  },
};
