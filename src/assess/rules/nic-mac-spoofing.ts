import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-mac-spoofing',
  category: 'Warning',
  label: 'Guest sends with foreign MAC addresses',
  about:
    'The guest may use other MAC addresses than its own: it bridges, balances load, or runs virtual machines itself. Network plugins often drop such packets.',
  subject: 'nics[].macSpoofing',
  remedy: 'Use an attachment without a MAC check.',
  check(vm) {
    return onNics(vm, 'macSpoofing', ({ macSpoofing, label }) =>
      macSpoofing === true
        ? `${label} needs a network attachment whose plugin lets foreign addresses pass (macspoofchk off).`
        : undefined,
    );
  },
};
