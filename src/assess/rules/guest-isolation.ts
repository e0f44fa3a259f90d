import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-isolation',
  category: 'Critical',
  label: 'Guest runs encrypted',
  about:
    'Memory and state of the VM are encrypted by the processor or the host, and its disk was made for that. KubeVirt starts such guests only on nodes prepared for them, from disks prepared for them.',
  subject: 'firmware.isolation',
  remedy: 'Build the machine anew on the target where isolation is needed; move its data otherwise.',
  check({ firmware }) {
    const { isolation } = firmware;
    if (isolation === undefined || /^(none|disabled|trustedlaunch)?$/i.test(isolation)) return [];
    return found(
      'firmware.isolation',
      `The guest is isolated (${isolation}). Switch that off at the source first, or build the machine anew.`,
    );
  },
};
