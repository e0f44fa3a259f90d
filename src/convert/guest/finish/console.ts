/**
 * The kernel's console on the serial port, which is what KubeVirt shows (`virtctl console`) and what proves that a guest boots. It has to work at
 * the first boot, before anybody runs update-grub: so the generated files are changed as well as those they are generated from. Pure.
 */
import type { FileEdit, GuestPlan, GuestText } from './edit.ts';

const SERIAL = 'console=ttyS0,115200n8';
const SHOWN = /\bconsole=ttyS0\b/;
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

const DEFAULTS = '/etc/default/grub';

export function planConsole(files: readonly GuestText[]): GuestPlan {
  const edits = files.flatMap(({ path, text }): FileEdit[] => {
    const after = path === DEFAULTS ? withDefault(text) : eachLine(text, (line) => withConsole(path, line));
    if (after === text) return [];
    const what = 'The kernel writes to the first serial port too, and takes logins there.';
    return [{ path, text: after, change: { subject: 'boot', what, file: path } }];
  });
  const isCertain = [...files, ...edits].some(({ path, text }) => path !== DEFAULTS && SHOWN.test(text));
  const warning = 'No boot configuration was found that could be given a serial console: look at the screen of the VM instead.';
  return { edits, warnings: isCertain ? [] : [warning] };
}

/** Shell, so that only plain values are touched; one that is more than that stays as it is. */
function withDefault(text: string): string {
  if (/^[^#\n]*\bconsole=ttyS0\b/m.test(text)) return text;
  if (!/^\s*(export\s+)?GRUB_CMDLINE_LINUX=/m.test(text)) return `${text.trimEnd()}\nGRUB_CMDLINE_LINUX="${BOTH}"\n`;
  return eachLine(text, (line) => {
    const plain = /^(\s*GRUB_CMDLINE_LINUX=)(?:"([^"\\]*)"|'([^']*)'|([^\s"'#\\]*))(\s*(?:#.*)?)$/.exec(line);
    if (plain === null) return line;
    const [, before = '', double, single, bare = '', rest = ''] = plain;
    if (single !== undefined) return `${before}'${appended(single)}'${rest}`;
    return `${before}"${appended(double ?? bare)}"${rest}`;
  });
}

function withConsole(path: string, line: string): string {
  if (/^\s*#/.test(line) || SHOWN.test(line)) return line;
  if (path === '/etc/kernel/cmdline') return line.trim() === '' ? line : appended(line);
  return commandLine(path).test(line) ? appended(line) : line;
}

function eachLine(text: string, change: (line: string) => string): string {
  return text.split('\n').map(change).join('\n');
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
