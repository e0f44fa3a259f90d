import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-port-policies',
  category: 'Information',
  label: 'Guards of the switch port are lost',
  about: 'DHCP guard, router guard, mirroring and the like are settings of the old switch.',
  subject: 'nics[].portPolicies',
  remedy: 'Write network policies where the guards matter.',
  check(vm) {
    return onNics(vm, 'portPolicies', ({ portPolicies, label }) =>
      portPolicies === undefined || portPolicies.length === 0 ? undefined : `${label} loses ${portPolicies.join(', ')}.`,
    );
  },
};
