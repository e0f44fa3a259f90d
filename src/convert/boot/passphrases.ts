/**
 * Passphrases for a guest that asks for them on its serial console before its root is there: by the prompts of cryptsetup in an initramfs, of systemd and of
 * GRUB. Nothing is typed where nobody asks. Pure but for what it remembers: who types is live-machine.ts.
 */
import type { VolumeKey } from '../../contracts/guest-converter.ts';
import type { BootTrouble } from '../../model/boot-proof.ts';
import type { Seen } from './evidence.ts';

/** With the name of what is asked for, where one stands there. cryptsetup-initramfs 2.6, systemd 247 to 255 (with and without its remark), GRUB 2. */
const PROMPT =
  /(?:Please (?:unlock|enter passphrase for) disk|Enter passphrase for|Enter any existing passphrase|Please enter LUKS passphrase for) *(.*?) *:[ *]*(?:\(press TAB for no echo\)[ *]*)?$/;
/** A kernel goes on talking over a prompt. */
const KERNEL_WORDS = /\[ {0,11}\d{1,11}\.\d{6}\] /;
/** What systemd says of other units while one waits; that a volume is open is another matter. */
const STATUS = /^(?: {9}\S|\[[ *A-Z]{6,8}\] (?!.*[Cc]rypt))/;
/** Characters at the end of a console in which a prompt is looked for. */
const TAIL = 4096;
/** Seconds of silence after a prompt: by then it has switched the echo off, and a firmware that unlocks by itself has done so. */
const SETTLED_SECONDS = 1;
/** Disks that are answered for, and characters of their names: a guest has its own root and a few more. */
const MOST_DISKS = 16;
const LONGEST_NAME = 100;
const LONGEST_LINE = 512;
/** A passphrase that a limit has cut is taken out as well, from so many characters on. */
const SHORTEST_PART = 4;
/** Stands where a passphrase stood. */
const HIDDEN = '(hidden)';

export class Passphrases {
  readonly #keys: readonly VolumeKey[];
  /** What was given since the guest started last, by the name of the disk. */
  readonly #given = new Map<string, readonly VolumeKey[]>();
  /** What was given last before: after a restart it is the first try. */
  readonly #last = new Map<string, VolumeKey>();
  readonly #typed = new Set<string>();
  #resets = 0;

  constructor(keys: readonly VolumeKey[]) {
    this.#keys = keys;
  }

  /** What to type now: nothing, unless the guest waits for it and there is a passphrase that it was not given yet. */
  next({ console, quiet, resets }: Pick<Seen, 'console' | 'quiet' | 'resets'>): string | undefined {
    if (resets > this.#resets) {
      this.#resets = resets;
      this.#given.clear();
    }
    const disk = quiet < SETTLED_SECONDS ? undefined : wanted(console);
    if (disk === undefined || (this.#last.size >= MOST_DISKS && !this.#last.has(disk))) return undefined;
    const given = this.#given.get(disk) ?? [];
    const key = this.#ranked(disk).find((each) => !given.includes(each));
    if (key === undefined) return undefined;
    this.#given.set(disk, [...given, key]);
    this.#last.set(disk, key);
    this.#typed.add(key.passphrase);
    return key.passphrase;
  }

  /** What was asked for and answered, in the words of the guest. */
  get disks(): readonly string[] {
    return [...this.#last.keys()];
  }

  /** A prompt that still stands on a screen, and was answered on the console. */
  isStale({ code }: BootTrouble, { console }: Pick<Seen, 'console'>): boolean {
    return code === 'passphrase-wanted' && this.#last.size > 0 && wanted(console) === undefined;
  }

  /** Takes what was typed out of a text: a guest may have echoed it. */
  hide(text: string): string {
    const longestFirst = [...this.#typed].filter((typed) => typed !== '').toSorted((a, b) => b.length - a.length);
    return longestFirst.reduce((said, typed) => withoutPart(said.replaceAll(typed, HIDDEN), typed), text);
  }

  /** Guests allow some tries only: first what worked before, then what is for this disk, then what is for any. */
  #ranked(disk: string): readonly VolumeKey[] {
    const asked = bare(disk);
    const rank = (key: VolumeKey): number => {
      if (key === this.#last.get(disk)) return 0;
      if (key.volume === undefined) return 2;
      return asked.includes(bare(key.volume.slice(key.volume.lastIndexOf('/') + 1))) ? 1 : 3;
    };
    return this.#keys.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** The disk that is asked for in the last line, but for those of the kernel and of systemd. */
function wanted(console: string): string | undefined {
  const lines = console
    .slice(-TAIL)
    .split('\n')
    .map((line) => line.split(KERNEL_WORDS, 1)[0] ?? '');
  const last = lines.findLast((line) => line.trim() !== '' && !STATUS.test(line)) ?? '';
  return PROMPT.exec(last.slice(-LONGEST_LINE))?.[1]?.slice(0, LONGEST_NAME);
}

/** Without the beginning of a passphrase at the end of a text. */
function withoutPart(text: string, typed: string): string {
  for (let length = typed.length - 1; length >= SHORTEST_PART; length -= 1) {
    if (text.endsWith(typed.slice(0, length))) return `${text.slice(0, -length)}${HIDDEN}`;
  }
  return text;
}

/** GRUB writes UUIDs without dashes. */
function bare(text: string): string {
  return text.toLowerCase().replaceAll('-', '');
}
