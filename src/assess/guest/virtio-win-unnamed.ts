import { isWindows } from '../inspected.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'virtio-win-unnamed',
  category: 'Critical',
  label: 'No drivers given for Windows',
  about:
    'Windows is given its virtio drivers from virtio-win, a folder or ISO image that kubeferry cannot bring along. Without it the conversion ends after everything has been copied.',
  subject: 'options.virtioWin',
  remedy: 'Name virtio-win with --virtio-win, or migrate with --guest compatibility.',
  check(_vm, { policy, guest, os, inspection }) {
    if (policy !== 'convert' || guest.conversion?.virtioWin !== undefined) return [];
    if (!isWindows({ inspection, os }) || os?.virtio === 'none') return [];
    return [
      {
        subject: 'options.virtioWin',
        assessment:
          'The guest is Windows, and nobody said where its virtio drivers are. Name virtio-win with --virtio-win, also where a package has installed it (/usr/share/virtio-win), or migrate with --guest compatibility and install them afterwards.',
      },
    ];
  },
};
