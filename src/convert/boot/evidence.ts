/**
 * What counts as booted and what counts as failed, by what was seen of a machine. Pure. The texts are those of SeaBIOS 1.16, EDK II,
 * GRUB 2, initramfs-tools 0.142, dracut 059, systemd 252, Linux 5 and 6, and Windows' boot sector and boot manager.
 */
import type { BootEvidence, BootFailure, BootFamily, BootSign, BootTrouble } from '../../model/boot-proof.ts';

/** Everything that was seen until now. */
export interface Seen {
  /** Since something was typed to the guest last, where anything was. */
  readonly console: string;
  /** Seconds since the console said something last. */
  readonly quiet: number;
  /** What stands on a screen in text mode. */
  readonly screen?: string;
  /** Resets that the guest asked for. */
  readonly resets: number;
  readonly panicked: boolean;
  readonly poweredOff: boolean;
  /** The name of the guest's system, once its agent answered. */
  readonly agent?: string;
  /** Seconds for which the picture has stood still, with what it is mostly made of. */
  readonly picture?: { readonly steady: number; readonly width: number; readonly colour: number; readonly share: number };
  /** Seconds since the guest sent its last packet; absent when it sent none. */
  readonly packetAge?: number;
  /** An IPv4 address that it sent one from. */
  readonly address?: string;
}

export type Verdict = { readonly sign: Pick<BootEvidence, 'kind' | 'text'> } | { readonly trouble: BootTrouble };

const SIGNS: readonly { readonly kind: BootSign; readonly text: RegExp }[] = [
  { kind: 'login-prompt', text: /^(?:[\w.-]+ )?login: ?$/m },
  {
    kind: 'system-target',
    text: /Reached target .*(?:Multi-User System|Graphical Interface|multi-user\.target|graphical\.target)/,
  },
];

interface Failing {
  readonly code: BootFailure;
  readonly text: RegExp;
  readonly means: string;
  /** A prompt: it counts only when it is the last thing on the console and stays so. */
  readonly waits?: true;
}

const FAILURES: readonly Failing[] = [
  {
    code: 'root-not-found',
    text: /ALERT! .*does not exist\. +Dropping to a shell!|VFS: Unable to mount root fs|VFS: Cannot open root device|Warning: \/dev\/.* does not exist/,
    means:
      'The kernel started and did not find its root file system: the initramfs lacks the driver of the disk, or names another disk.',
  },
  { code: 'kernel-panic', text: /Kernel panic - not syncing.*/, means: 'The kernel stopped.' },
  {
    code: 'passphrase-wanted',
    text: /(?:Please (?:unlock|enter passphrase for) disk|Enter passphrase for|Enter any existing passphrase|Please enter LUKS).*:[ *]*(?:\(press TAB for no echo\)[ *]*)?$/m,
    means: 'The guest waits for the passphrase of an encrypted disk, as it would after every start.',
    waits: true,
  },
  {
    code: 'emergency-mode',
    text: /You are in (?:emergency|rescue) mode.*|Entering emergency mode\..*|Cannot open access to console, the root account is locked.*|Give root password for maintenance/,
    means: 'The system stopped in its emergency mode: something that it needs to start is missing.',
  },
  {
    code: 'emergency-mode',
    text: /(?:\(initramfs\)|dracut:\/#|emergency:\/#) *$/,
    means: 'The initramfs stopped with a shell.',
    waits: true,
  },
  {
    code: 'boot-loader-stopped',
    text: /(?:grub rescue>|grub>) *$/,
    means: 'GRUB waits at its prompt: it did not find its configuration, or there is nothing in it to start.',
    waits: true,
  },
  {
    code: 'no-boot-device',
    text: /No bootable device\.?|No bootable option or device was found/,
    means: 'The firmware found nothing to start on the disks.',
  },
  {
    code: 'no-boot-device',
    text: /Shell> *$/,
    means: 'The firmware found nothing to start and waits at its shell.',
    waits: true,
  },
  {
    code: 'windows-boot-error',
    text: /(?:BOOTMGR|NTLDR) is (?:missing|compressed)|An operating system wasn't found|Missing operating system|Error loading operating system|Invalid partition table/,
    means: 'The boot code of Windows did not find what it starts.',
  },
];

/** Seconds of silence after which a prompt is taken for what the guest waits at. */
const PROMPT_SECONDS = 3;
/** Updates and drivers restart a guest a few times at its first boot; more is a circle. */
const MOST_RESETS = 6;
const STEADY_SECONDS = 30;
/** A slow guest with `quiet` in its kernel's words shows nothing for long while it comes up, and may have its address by then. */
const QUIET_LINUX_SECONDS = 120;
const SILENT_SECONDS = 60;
/** The blue of stop screens, recovery and old stop screens. */
const BLUES = new Set([0x0078d7, 0x0000aa, 0x000080, 0x1073aa]);

/** Undefined while nothing is sure. */
export function judge(family: BootFamily, seen: Seen): Verdict | undefined {
  if (seen.agent !== undefined) return sign('guest-agent', `The guest agent answers: ${seen.agent}`);
  const said = judgeText(seen.console, seen.quiet) ?? judgeText(seen.screen ?? '', seen.picture?.steady ?? 0);
  if (said !== undefined) return said;
  if (seen.panicked) return trouble('kernel-panic', 'The guest told the machine that it stopped.');
  if (seen.poweredOff) return trouble('powered-off', 'The guest switched itself off.');
  if (seen.resets >= MOST_RESETS) return trouble('reset-loop', `The guest restarted ${seen.resets} times without coming up.`);
  return family === 'linux' ? judgeQuietLinux(seen) : judgePicture(seen);
}

/** @param quiet seconds since something was added to it */
function judgeText(said: string, quiet: number): Verdict | undefined {
  for (const { kind, text } of SIGNS) {
    const found = text.exec(said);
    if (found !== null) return sign(kind, found[0]);
  }
  for (const { code, text, means, waits } of FAILURES) {
    const found = text.exec(said);
    if (found === null || (waits === true && quiet < PROMPT_SECONDS)) continue;
    return trouble(code, `${means} It says: ${lineOf(said, found.index)}`);
  }
  return undefined;
}

/**
 * Without a serial console: the picture rests, there is more on it than a cursor, and the guest speaks from an address, which nothing before its own
 * system gives it (an initramfs that waits for a passphrase over the network excepted).
 */
function judgeQuietLinux({ quiet, picture, packetAge, address }: Seen): Verdict | undefined {
  if (picture === undefined || quiet < QUIET_LINUX_SECONDS || picture.steady < QUIET_LINUX_SECONDS) return undefined;
  if (address === undefined || packetAge === undefined || packetAge > SILENT_SECONDS || picture.share > 0.999) return undefined;
  return sign(
    'steady-picture',
    `The picture has stood still for ${Math.floor(picture.steady)} s while the guest answers as ${address}`,
  );
}

function judgePicture({ picture, packetAge }: Seen): Verdict | undefined {
  if (picture === undefined || picture.steady < STEADY_SECONDS) return undefined;
  const blue = BLUES.has(picture.colour) && picture.share > 0.6;
  const silent = packetAge === undefined || packetAge > SILENT_SECONDS;
  if (blue && silent && picture.steady > SILENT_SECONDS) {
    return trouble('windows-boot-error', 'The screen is a stop or recovery screen, and the guest sends nothing.');
  }
  // Text modes are 720 wide; a login screen is larger. One colour alone is a black screen.
  if (silent || picture.width < 800 || picture.share > 0.98) return undefined;
  return sign('steady-picture', `The picture has stood still for ${Math.floor(picture.steady)} s while the guest sends packets`);
}

function sign(kind: BootSign, text: string): Verdict {
  return { sign: { kind, text: text.trim().slice(0, 200) } };
}

function trouble(code: BootFailure, text: string): Verdict {
  return { trouble: { code, text: text.slice(0, 400) } };
}

function lineOf(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at) + 1;
  const end = text.indexOf('\n', at);
  return text.slice(start, end < 0 ? undefined : end).trim();
}
