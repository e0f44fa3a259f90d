import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nvram-lost',
  category: 'Warning',
  label: 'EFI boot entries stay behind',
  about:
    'EFI variables are stored in a format of the old hypervisor. New ones are started, so the guest must have the fallback boot loader.',
  subject: 'firmware.nvramFile',
  remedy: 'Make sure that the guest has the fallback loader.',
  check({ firmware }) {
    if (firmware.kind !== 'uefi') return [];
    return [
      {
        subject: firmware.nvramFile === undefined ? 'firmware.kind' : 'firmware.nvramFile',
        assessment:
          'Make sure that \\EFI\\BOOT\\BOOTX64.EFI exists in the guest. Windows and current Linux installers write it; some hand-made installations do not.',
      },
    ];
  },
};
