import type { GuestScript } from '../../model/conversion.ts';
import { found } from '../each-device.ts';
import { isWindows } from '../inspected.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'script-unfit',
  category: 'Warning',
  label: 'Script does not fit the guest',
  about:
    'Scripts that run while a guest is converted need the shell of Linux, and scripts for PowerShell or cmd need Windows. A script that does not fit is left out, or fails.',
  subject: 'options.scripts',
  remedy: 'Migrate Linux and Windows apart, each with its own scripts.',
  check(_vm, { policy, guest, os, inspection }) {
    const { scripts = [] } = guest.conversion ?? {};
    if (policy !== 'convert' || scripts.length === 0) return [];
    const windows = isWindows({ inspection, os });
    if (!windows && os?.family !== 'linux') return [];
    const unfit = scripts
      .filter((script) => (windows ? script.when === 'conversion' : isForWindows(script)))
      .map(({ name }) => name);
    if (unfit.length === 0) return [];
    const why = windows ? 'runs in Linux only' : 'is for Windows';
    return found('options.scripts', `${unfit.join(', ')} ${why}. Migrate this VM by itself, without it.`);
  },
};

function isForWindows({ name }: GuestScript): boolean {
  return /\.(ps1|bat|cmd)$/i.test(name);
}
