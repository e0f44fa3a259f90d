import { found } from '../each-device.ts';
import { isEntered, systemText } from '../inspected.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-root-ambiguous',
  category: 'Critical',
  label: 'Which system is meant is not clear',
  about:
    'Several operating systems are on the disks, or the one that the plan names is not there. Nobody guesses which is to be converted.',
  subject: 'inspection.root',
  remedy: 'Name the device of its root file system with --guest-root.',
  check({ name }, { policy, guest, inspection }) {
    if (inspection === undefined || !isEntered({ policy }) || inspection.root !== undefined || inspection.systems.length === 0)
      return [];
    const candidates = inspection.systems.map(systemText).join('; ');
    const named = guest.conversion?.root;
    const first = inspection.systems[0]?.root;
    return found(
      'inspection.root',
      `${named === undefined ? 'Several systems are on the disks' : `${named} holds no system`}: there is ${candidates}. Name the one that is meant: --guest-root ${name}=${first}`,
    );
  },
};
