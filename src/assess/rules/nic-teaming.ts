import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-teaming',
  category: 'Information',
  label: 'Guest may team its NICs',
  about:
    'The source allows the guest to join NICs to a team. On the target both may go over one uplink, and modes that need the switch do not work.',
  subject: 'nics[].teaming',
  remedy: 'Let the nodes bond their uplinks; take the team apart in the guest.',
  check(vm) {
    return onNics(vm, 'teaming', ({ teaming, label }) =>
      teaming === true
        ? `${label} may be part of a team. The nodes’ bond protects the VM as well; a team in the guest is rarely of use.`
        : undefined,
    );
  },
};
