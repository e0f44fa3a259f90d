import type { ConversionTerms } from '../../model/conversion.ts';
import type { EncryptedVolume, GuestInspection } from '../../model/guest-inspection.ts';
import { systemOf } from '../../model/guest-readiness.ts';
import { isEntered } from '../inspected.ts';
import type { Finding, Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-encrypted',
  category: 'Critical',
  label: 'Encrypted volume that cannot be opened',
  about:
    'The guest is to be converted, or looked into, and a LUKS volume on its disks stays closed: no passphrase was given that opens it. A warning where the system itself was found outside of it.',
  subject: 'inspection.encrypted[]',
  remedy: 'Give passphrases with --guest-keys, or --guest-clevis where the guest opens it by network.',
  check(_vm, { policy, guest, inspection }) {
    if (inspection === undefined || !isEntered({ policy })) return [];
    return inspection.encrypted.flatMap((volume, index) => judged(volume, index, { inspection, terms: guest.conversion }));
  },
};

function judged(
  { device, kind, uuid, opened }: EncryptedVolume,
  index: number,
  { inspection, terms }: { readonly inspection: GuestInspection; readonly terms: ConversionTerms | undefined },
): readonly Finding[] {
  if (kind !== 'luks' || opened) return [];
  if (terms?.clevis?.some((one) => one === 'all' || one === device || one === uuid) === true) return [];
  const why = terms?.keys === undefined ? 'and no passphrase was given' : `and none of the passphrases in ${terms.keys} opens it`;
  const found: Finding = {
    subject: `inspection.encrypted[${index}]`,
    assessment: `${device} is encrypted with LUKS, ${why}. Give it with --guest-keys (a line ${device}=PASSPHRASE), or say --guest-clevis ${device} where the guest opens it by network.`,
  };
  return [systemOf(inspection) === undefined ? found : { ...found, category: 'Warning' }];
}
