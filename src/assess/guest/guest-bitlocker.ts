import { systemOf } from '../../model/guest-readiness.ts';
import { isEntered } from '../inspected.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-bitlocker',
  category: 'Critical',
  label: 'BitLocker volume in the guest',
  about:
    'Nobody but Windows opens a BitLocker volume: it cannot be converted, and at the target it asks for its recovery key, because the TPM is a new one. A warning where nothing has to be converted, or Windows itself was found outside of it.',
  subject: 'inspection.encrypted[]',
  remedy: 'Decrypt the volume at the source, or suspend BitLocker and have the recovery key at hand.',
  check(_vm, { policy, inspection }) {
    if (inspection === undefined) return [];
    const closed = isEntered({ policy }) && systemOf(inspection) === undefined;
    return inspection.encrypted.flatMap(({ device, kind }, index) => {
      if (kind !== 'bitlocker') return [];
      const subject = `inspection.encrypted[${index}]`;
      if (closed) {
        return [
          {
            subject,
            assessment: `${device} is encrypted with BitLocker, so that Windows on it cannot be given drivers. Decrypt it at the source (manage-bde -off), or install virtio-win there, suspend BitLocker and migrate with --guest none.`,
          },
        ];
      }
      return [
        {
          subject,
          category: 'Warning' as const,
          assessment: `${device} is encrypted with BitLocker and will ask for its recovery key. Suspend it at the source (manage-bde -protectors -disable -RebootCount 0), or have the key at hand.`,
        },
      ];
    });
  },
};
