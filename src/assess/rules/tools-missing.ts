import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'tools-missing',
  category: 'Information',
  label: 'Guest tools not installed',
  about: 'Without tools in the guest the source cannot shut it down cleanly, and says less about it.',
  subject: 'guest.tools.installed',
  remedy: 'Shut the guest down from inside; install the QEMU guest agent on the target.',
  check({ guest }) {
    if (guest.tools?.installed !== false) return [];
    return [
      {
        subject: 'guest.tools.installed',
        assessment: 'Shut the guest down from inside before the last copy. Install the QEMU guest agent on the target.',
      },
    ];
  },
};
