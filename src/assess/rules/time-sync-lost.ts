import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'time-sync-lost',
  category: 'Information',
  label: 'Hypervisor no longer sets the clock',
  about: 'The hypervisor sets the guest’s clock. KubeVirt does not.',
  subject: 'guest.tools.timeSync',
  remedy: 'Set up NTP (chrony, w32time) in the guest.',
  check({ guest }) {
    return found(
      'guest.tools.timeSync',
      guest.tools?.timeSync === true
        ? 'Set up NTP in the guest; a domain member usually has its domain’s clock already.'
        : undefined,
    );
  },
};
