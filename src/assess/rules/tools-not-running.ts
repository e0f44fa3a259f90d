import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'tools-not-running',
  category: 'Warning',
  label: 'Guest tools do not run',
  about:
    'The tools are installed but do not run while the VM does. The source can neither shut the guest down cleanly nor make its file systems quiet, and says less about it.',
  subject: 'guest.tools.running',
  remedy: 'Start the tools in the guest, or shut it down from inside.',
  check({ guest, power }) {
    if (power !== 'on' || guest.tools?.installed !== true || guest.tools.running !== false) return [];
    return found(
      'guest.tools.running',
      'Start them, or shut the guest down from inside before the last copy. Addresses and file systems of the guest are not known.',
    );
  },
};
