/**
 * Starts the programs that work on guests (virt-v2v-in-place, guestfish, qemu-img). They start others in turn (an appliance, servers of
 * disks), so each runs in a process group of its own on a leash: a pipe that only we hold. When it closes, because the program
 * has ended, because its signal aborted, or because this process died by whatever means, the whole group is killed. So nobody
 * writes to a disk any more once `ended` has settled. Of our own environment they see PATH and HOME alone. No secrets in argv, ever.
 */
import { spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { MigrationError } from '../../model/errors.ts';
import { requireProgram } from '../../programs/find-program.ts';

/** Programs by the Debian package that brings them. */
const PACKAGES = {
  'virt-v2v-in-place': 'virt-v2v',
  guestfish: 'guestfish',
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  swtpm: 'swtpm',
  // Starts what a user named by its path.
  sh: 'dash',
} as const;
export type GuestProgram = keyof typeof PACKAGES;

/** What a program said on stderr is kept up to this many characters: the end of it. */
const STDERR_LIMIT = 32_768;

/** The shell becomes the program; its child waits for the end of the leash (descriptor 4), then kills the group both are in. */
const LEASHED = '{ read -r end <&4; kill -KILL 0; } </dev/null >/dev/null 2>&1 3>&- & exec "$@" 4<&-';

export interface ProgramExit {
  /** Exit status; undefined when a signal ended the program. */
  readonly status: number | undefined;
  /** The last 32 Ki characters. */
  readonly stderr: string;
}

export interface RunningProgram {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Descriptor 3 of the program, for those that report on one. */
  readonly reports: Readable;
  /** Settles when the program and all it started have ended; never rejects. */
  readonly ended: Promise<ProgramExit>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** @throws MigrationError `tool-missing` naming the Debian package; `canceled` */
export async function startProgram(
  name: GuestProgram,
  argv: readonly string[],
  { env = {}, signal }: StartOptions,
): Promise<RunningProgram> {
  const program = await requireProgram(name, PACKAGES[name]);
  checkCanceled(signal);
  const child = spawn('/bin/sh', ['-c', LEASHED, 'sh', program, ...argv], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', LC_ALL: 'C', ...env },
  });
  const [stdin, stdout, stderrPipe, reports, leash] = child.stdio;
  if (!(reports instanceof Readable && leash instanceof Writable && stdin && stdout && stderrPipe)) {
    throw new Error('A program was started without its pipes');
  }
  // One that ends before it reads says why in its own words.
  stdin.on('error', () => undefined);
  leash.on('error', () => undefined);
  let stderr = '';
  stderrPipe.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  const letGo = (): void => {
    leash.destroy();
  };
  signal.addEventListener('abort', letGo, { once: true });
  const ended = new Promise<ProgramExit>((resolve) => {
    const end = (status: number | null): void => {
      signal.removeEventListener('abort', letGo);
      letGo();
      resolve({ status: status ?? undefined, stderr: stderr.trim() });
    };
    child.once('exit', letGo);
    child.once('close', end);
    child.once('error', (error) => {
      stderr += error.message;
      end(null);
    });
  });
  return { stdin, stdout, reports, ended };
}

/**
 * Runs a program to its end and gives what it wrote, line by line, to `onLine`.
 * @throws as startProgram
 */
export async function runProgram(
  name: GuestProgram,
  argv: readonly string[],
  options: StartOptions & { readonly onLine?: (line: string) => void },
): Promise<ProgramExit> {
  const program = await startProgram(name, argv, options);
  program.stdin.end();
  program.reports.resume();
  await eachLine(program.stdout, options.onLine ?? (() => undefined));
  const exit = await program.ended;
  checkCanceled(options.signal);
  return exit;
}

/** Lines are cut at this many characters: guests have a say in what is printed. */
const LINE_LIMIT = 1_048_576;

/** Settles when the stream has ended or broke off. */
export async function eachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, LINE_LIMIT);
      for (const line of lines) onLine(line);
    }
  } catch {
    // The program was killed; its end says so.
  }
  if (rest !== '') onLine(rest);
}

/** @throws MigrationError `canceled` when the signal has aborted */
export function checkCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw new MigrationError('canceled', 'The conversion was canceled.', { cause: signal.reason });
}
