import { formatBytes } from '../../model/units.ts';
import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'memory-ballooned',
  category: 'Information',
  label: 'Host was short of memory',
  about: 'The host has taken memory back from the guest. On the target the guest gets all of it.',
  subject: 'memory.ballooned',
  remedy: 'Nothing for the VM; plan the target’s memory by the full sizes.',
  check({ memory }) {
    const taken = memory.ballooned ?? 0;
    return found(
      'memory.ballooned',
      taken > 0
        ? `${formatBytes(taken)} are taken from the guest at the moment. The target reserves the full size: plan for it.`
        : undefined,
    );
  },
};
