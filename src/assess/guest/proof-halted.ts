import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'proof-halted',
  category: 'Information',
  label: 'Boot of a VM that stays off is not proven',
  about:
    'In a cluster the boot proof watches the VM itself. One that is to stay off after its migration is never started, so nobody sees it boot.',
  subject: 'options.runStrategy',
  remedy: 'Let the VM run (--run-strategy Always), or test the migration beforehand.',
  check({ power, isTemplate }, { guest, options, inCluster }) {
    if (guest.proof === undefined || !inCluster) return [];
    const halted = options.runStrategy === undefined ? isTemplate === true || power !== 'on' : options.runStrategy === 'Halted';
    return found(
      'options.runStrategy',
      halted
        ? 'It is to stay off after its migration: the proof that was asked for is left out. Say --run-strategy to let it run.'
        : undefined,
    );
  },
};
