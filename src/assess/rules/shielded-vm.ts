import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'shielded-vm',
  category: 'Critical',
  label: 'Shielded VM',
  about:
    'A shielded VM is bound to guarded hosts: its disks are encrypted with keys that only those get. Nothing of it can be read elsewhere.',
  subject: 'firmware.shielded',
  remedy: 'Take the shielding off at the source, or build the machine anew.',
  check({ firmware }) {
    return found(
      'firmware.shielded',
      firmware.shielded === true
        ? 'Take the shielding off and decrypt the disks inside the guest, or build the machine anew.'
        : undefined,
    );
  },
};
