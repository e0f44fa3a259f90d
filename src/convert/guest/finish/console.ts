/**
 * The kernel's console on the serial port, which is what KubeVirt shows (`virtctl console`) and what proves that a guest boots. It has to work at
 * the first boot, before anybody runs update-grub: so the generated files are changed as well as those they are generated from. Pure.
 */
import type { FileEdit, GuestPlan, GuestText } from './edit.ts';

const SERIAL = 'console=ttyS0,115200n8';
/** The last one is /dev/console; the screen stays one. */
const BOTH = `console=tty0 ${SERIAL}`;

/** Files that give kernels their command line, as patterns of paths. */
export const CONSOLE_FILES = [
  '/etc/default/grub',
  '/etc/kernel/cmdline',
  '/boot/{grub,grub2}/grub.cfg',
  '/boot/efi/EFI/*/grub.cfg',
  '/boot/{loader,efi/loader}/entries/*.conf',
  '/boot/grub/{menu.lst,grub.conf}',
  '/boot/{extlinux,syslinux}/*.{conf,cfg}',
];

export function planConsole(files: readonly GuestText[]): GuestPlan {
  const edits = files.flatMap(({ path, text }): FileEdit[] => {
    const after = text
      .split('\n')
      .map((line) => withConsole(path, line))
      .join('\n');
    if (after === text) return [];
    const what = 'The kernel writes to the first serial port too, and takes logins there.';
    return [{ path, text: after, change: { subject: 'boot', what, file: path } }];
  });
  const shown = files.some(({ path, text }) => path !== '/etc/default/grub' && text.includes('console=ttyS0'));
  const isCertain = shown || edits.some(({ path }) => path !== '/etc/default/grub');
  const warning = 'No boot configuration was found that could be given a serial console: look at the screen of the VM instead.';
  return { edits, warnings: isCertain ? [] : [warning] };
}

function withConsole(path: string, line: string): string {
  if (/^\s*#/.test(line) || line.includes('console=ttyS')) return line;
  if (path === '/etc/default/grub') {
    // With quotes of one kind around it, or none at all.
    const [, before, quote = '', words = ''] = /^(\s*GRUB_CMDLINE_LINUX=)(["']?)(.*?)\2\s*$/.exec(line) ?? [];
    return before === undefined ? line : `${before}${quote || '"'}${appended(words)}${quote || '"'}`;
  }
  if (path === '/etc/kernel/cmdline') return line.trim() === '' ? line : appended(line);
  return commandLine(path).test(line) ? appended(line) : line;
}

/** Lines that hold the command line of a Linux kernel, not the file of a hypervisor or another system. */
function commandLine(path: string): RegExp {
  if (path.endsWith('/grub.cfg')) return /^\s*linux(16|efi)?\s+\S*(vmlinuz|kernel|bzImage|linux)\S*\s/i;
  if (path.endsWith('.conf') && path.includes('/entries/')) return /^\s*options\s/;
  return path.startsWith('/boot/grub/') ? /^\s*kernel\s+\S*(vmlinuz|kernel|bzImage)\S*\s/i : /^\s*append\s/i;
}

/** Behind a `console=` that is there ours still comes last. */
function appended(words: string): string {
  const kept = words.trimEnd();
  const added = /(^|\s)console=tty0(\s|$)/.test(kept) ? SERIAL : BOTH;
  return kept === '' ? added : `${kept} ${added}`;
}
