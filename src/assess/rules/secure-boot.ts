import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'secure-boot',
  category: 'Information',
  label: 'Secure boot',
  about: 'Secure boot is kept with the usual Microsoft keys. Keys that were enrolled at the source are not in the new firmware.',
  subject: 'firmware.secureBoot',
  remedy: 'Test the boot early.',
  check({ firmware }) {
    if (firmware.secureBoot !== true || firmware.kind === 'bios') return [];
    return [
      {
        subject: 'firmware.secureBoot',
        assessment:
          'Nothing to do, unless own keys were enrolled or drivers are signed with them: then enrol them again on the target.',
      },
    ];
  },
};
