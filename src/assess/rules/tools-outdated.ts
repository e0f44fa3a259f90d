import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'tools-outdated',
  category: 'Information',
  label: 'Guest tools are old',
  about: 'The tools in the guest are older than those of the host. They are of no use on the target, but old ones report less.',
  subject: 'guest.tools.outdated',
  remedy: 'Nothing, unless the guest’s shutdown or its reported facts are wrong.',
  check({ guest }) {
    return found(
      'guest.tools.outdated',
      guest.tools?.outdated === true
        ? 'What they report (addresses, file systems) may be incomplete. They are replaced by the QEMU guest agent anyway.'
        : undefined,
    );
  },
};
