import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'firmware-contradiction',
  category: 'Warning',
  label: 'Secure boot without UEFI',
  about: 'Secure boot exists only with UEFI. The source states both BIOS and secure boot, so one of them is a leftover.',
  subject: 'firmware.secureBoot',
  remedy: 'State the firmware with --firmware.',
  check({ firmware }, { options }) {
    if (options.firmware !== undefined || firmware.kind !== 'bios' || firmware.secureBoot !== true) return [];
    return [
      {
        subject: 'firmware.secureBoot',
        assessment: 'BIOS is used. If the guest was installed with UEFI, migrate with --firmware uefi.',
      },
    ];
  },
};
