import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-os-end-of-life',
  category: 'Information',
  label: 'Guest system out of support',
  about:
    'The vendor’s regular support for the guest system has ended (extended and paid programmes not counted). Drivers and tools for it are no longer made.',
  subject: 'guest.osId',
  remedy: 'Plan an upgrade after the migration.',
  check(_vm, { os }) {
    if (os?.supportEnded === undefined) return [];
    return [
      {
        subject: 'guest.osId',
        assessment: `Support for ${os.name} ended on ${os.supportEnded}. Test the boot on the target before you plan the cutover, and do not take driver packages for newer systems.`,
      },
    ];
  },
};
