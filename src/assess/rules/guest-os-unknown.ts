import { findGuestOs } from '../../model/guest-os.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-os-unknown',
  category: 'Warning',
  label: 'Guest system unknown',
  about:
    'Which drivers a guest has follows from its system. The source does not say which it is, or says it in words that are not in the catalogue.',
  check({ guest }) {
    if (findGuestOs(guest) !== undefined) return [];
    const said = guest.osName ?? guest.osId;
    return [
      {
        subject: said === guest.osName && said !== undefined ? 'guest.osName' : 'guest.osId',
        assessment: `${said === undefined ? 'The source does not name it.' : `The source says «${said}».`} Find out whether it has virtio drivers; without them migrate with --devices compatibility.`,
      },
    ];
  },
};
