import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'change-tracking-off',
  category: 'Information',
  label: 'Changed blocks are not tracked',
  about: 'Without change tracking a warm migration would have to read the whole disk each time. A cold one does not need it.',
  subject: 'disks[].changeTracking',
  remedy: 'Switch change tracking on (CBT, or RCT with configuration version 6.2 and later) for a warm migration.',
  check(vm) {
    return onDisks(vm, 'changeTracking', ({ changeTracking, label }) =>
      changeTracking === false ? `${label} is not tracked. Switch tracking on for a warm migration.` : undefined,
    );
  },
};
