import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-in-use',
  category: 'Warning',
  label: 'Image is in use elsewhere',
  about: 'The host itself, or another program, has the image open. What is read may change underneath.',
  subject: 'disks[].inUse',
  remedy: 'Detach the image from whatever holds it.',
  check(vm) {
    return onDisks(vm, 'inUse', ({ inUse, label }) =>
      inUse === true ? `${label} is attached elsewhere. Detach it (Dismount-VHD) before the migration.` : undefined,
    );
  },
};
