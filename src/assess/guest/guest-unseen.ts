import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-unseen',
  category: 'Warning',
  label: 'Nobody could look into the guest',
  about:
    'A look into the disks was asked for and failed. What it would have found is unknown: it shows at the conversion, after everything has been copied.',
  subject: 'inspection',
  remedy: 'Mend what kept the look from being taken, and plan again.',
  check(_vm, { unseen }) {
    return found('inspection', unseen);
  },
};
