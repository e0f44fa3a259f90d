import { firmwareOf } from '../inspected.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-loader-missing',
  category: 'Critical',
  label: 'Boot loader is found by a stored entry only',
  about:
    'UEFI finds this guest’s boot loader by an entry that the old machine stored, and stored entries do not come along: a loader under the fallback name \\EFI\\BOOT\\BOOTX64.EFI is missing. Information where the guest is converted, which makes one.',
  subject: 'inspection.boot.uefi',
  remedy: 'Migrate with --guest convert, or copy the loader to the fallback name at the source.',
  check({ firmware }, { policy, options, inspection }) {
    const uefi = inspection?.boot.uefi;
    // With `skip` the guest is not ready, which has a rule of its own.
    if (uefi === undefined || uefi.fallback || policy === 'skip') return [];
    if (firmwareOf({ firmware, options, inspection }) !== 'uefi') return [];
    const subject = 'inspection.boot.uefi';
    const found = `The EFI system partition ${uefi.device} has no \\EFI\\BOOT\\BOOTX64.EFI`;
    if (policy === 'convert')
      return [{ subject, category: 'Information', assessment: `${found}: the conversion makes one of the guest’s own loader.` }];
    return [
      {
        subject,
        assessment: `${found}, and the VM would find nothing to boot. Migrate with --guest convert, which makes one, or copy the guest’s own loader (${uefi.loaders[0] ?? 'there is none'}) to that name at the source.`,
      },
    ];
  },
};
