import { found } from '../each-device.ts';
import { isEntered } from '../inspected.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-system-missing',
  category: 'Critical',
  label: 'No operating system on the disks',
  about:
    'The guest is to be converted, or looked into, and nothing on its disks is a system that can be recognised. The migration would end there.',
  subject: 'inspection.systems',
  remedy: 'Check that all disks of the VM are there, or migrate with --guest none.',
  check(_vm, { policy, inspection }) {
    if (inspection === undefined || !isEntered({ policy }) || inspection.systems.length > 0) return [];
    // What is behind an encrypted volume is said by the rule about those.
    if (inspection.encrypted.some(({ opened }) => !opened)) return [];
    return found(
      'inspection.systems',
      'No operating system was found. Check that all disks of the VM are there; for a VM without one, or with one that nobody recognises, say --guest none.',
    );
  },
};
