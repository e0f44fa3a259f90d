/**
 * A conversation with one guestfish: one appliance for many questions, each asked when the one before is answered. Commands go to its
 * stdin, so that nothing of the guest (names of files, passphrases) is ever in argv. A question that fails has no answer; the session goes on.
 */
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { MigrationError } from '../../model/errors.ts';
import type { ProgramExit } from '../../programs/leashed.ts';
import { type ApplianceOptions, applianceEnvironment } from './appliance.ts';
import { conversionFailure } from './failure.ts';
import { checkCanceled, startProgram } from './program.ts';

export interface GuestfishOptions {
  readonly appliance: ApplianceOptions;
  /** For errors. */
  readonly vm: string;
  readonly signal: AbortSignal;
}

/** A disk as the appliance gets it: /dev/sda is the first. `socket`: an NBD server (unix) that shows it as raw. */
export type ApplianceDisk = { readonly path: string; readonly format: 'raw' | 'qcow2' } | { readonly socket: string };

/** One answer is cut at this many characters. */
const ANSWER_LIMIT = 4_194_304;

export class Guestfish {
  readonly #stdin: Writable;
  readonly #ended: Promise<ProgramExit>;
  readonly #options: GuestfishOptions;
  #answer = '';
  /** Unknown to the guest, whose files are part of answers. */
  readonly #mark = `-- ${randomUUID()} --\n`;
  #onMark: (() => void) | undefined;

  /**
   * Starts the appliance with these disks. `write: false` gives it snapshots of its own: nothing reaches the disks.
   * @throws MigrationError `appliance-failed`, `tool-missing`, `canceled`
   */
  static async open(
    disks: readonly ApplianceDisk[],
    options: GuestfishOptions & { readonly write: boolean },
  ): Promise<Guestfish> {
    const { appliance, signal, write } = options;
    const argv = ['--keys-from-stdin', ...(write ? [] : ['--ro'])];
    const program = await startProgram('guestfish', argv, { env: applianceEnvironment(appliance), signal });
    program.reports.resume();
    const session = new Guestfish(program.stdin, program.ended, options);
    program.stdout.setEncoding('utf8').on('data', (text: string) => session.#take(text));
    const how = `readonly:${write ? 'false' : 'true'} cachemode:unsafe`;
    for (const disk of disks) {
      const what =
        'socket' in disk
          ? `${quoted('')} format:raw protocol:nbd ${quoted(`server:unix:${disk.socket}`)}`
          : `${quoted(disk.path)} format:${disk.format}`;
      await session.must(`add-drive ${what} ${how}`);
    }
    await session.must('run');
    return session;
  }

  private constructor(stdin: Writable, ended: Promise<ProgramExit>, options: GuestfishOptions) {
    this.#stdin = stdin;
    this.#ended = ended;
    this.#options = options;
  }

  /**
   * The answer to a command, empty when it has none or fails. Arguments that come from the guest go through `quoted`.
   * @param input lines that the command reads itself: a passphrase
   * @throws MigrationError `appliance-failed` when guestfish ends, `canceled`
   */
  async ask(command: string, input?: string): Promise<string> {
    this.#answer = '';
    const mark = this.#mark;
    const typed = input === undefined ? '' : `${firstLine(input)}\n`;
    const answered = new Promise<void>((resolve) => {
      this.#onMark = () => {
        if (this.#answer.endsWith(mark)) resolve();
      };
    });
    this.#stdin.write(`-${command}\n${typed}echo "${mark.trimEnd()}"\n`);
    const exit = await Promise.race([answered, this.#ended]);
    checkCanceled(this.#options.signal);
    if (exit !== undefined) throw broken(this.#options.vm, exit);
    return this.#answer.slice(0, -mark.length);
  }

  /** The same, line by line, without empty ones. */
  async lines(command: string): Promise<readonly string[]> {
    return (await this.ask(command)).split('\n').filter((line) => line !== '');
  }

  /** True when a command that answers `true` or `false` says so. */
  async is(command: string): Promise<boolean> {
    return (await this.ask(command)).trim() === 'true';
  }

  /** Fields of a struct or map by name: `key: value` a line. */
  async fields(command: string): Promise<ReadonlyMap<string, string>> {
    const pairs = (await this.lines(command)).map((line): readonly [string, string] => {
      const at = line.indexOf(': ');
      return at === -1 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 2)];
    });
    return new Map(pairs);
  }

  /** A command without which there is no going on: guestfish ends when it fails. */
  async must(command: string): Promise<void> {
    this.#stdin.write(`${command}\n`);
    await this.ask('echo');
  }

  /**
   * Ends the appliance; what was written is on the disks' files then.
   * @throws MigrationError `appliance-failed` when it did not end well
   */
  async close(): Promise<void> {
    this.#stdin.end('umount-all\nshutdown\n');
    const exit = await this.#ended;
    checkCanceled(this.#options.signal);
    if (exit.status !== 0) throw broken(this.#options.vm, exit);
  }

  #take(text: string): void {
    // What is cut is the beginning: the mark is at the end.
    this.#answer = (this.#answer + text).slice(-ANSWER_LIMIT);
    this.#onMark?.();
  }
}

/**
 * A session for as long as `work` takes. After a failure the program is killed.
 * @throws what `work` throws, and as Guestfish.open
 */
export async function withGuestfish<T>(
  disks: readonly ApplianceDisk[],
  options: GuestfishOptions & { readonly write: boolean },
  work: (session: Guestfish) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    const session = await Guestfish.open(disks, { ...options, signal });
    const result = await work(session);
    await session.close();
    return result;
  } finally {
    stop.abort();
  }
}

/** An argument in guestfish's double quotes: every byte that is no plain printable character as \xHH. */
export function quoted(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')].map((byte) => {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    return plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${bytes.join('')}"`;
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

function broken(vm: string, { stderr }: ProgramExit): MigrationError {
  const cause = conversionFailure(vm, stderr);
  if (cause.code !== 'conversion-failed') return cause;
  return new MigrationError('appliance-failed', `guestfish ended: ${stderr.slice(-600) || 'it does not say why'}`, { vm });
}
