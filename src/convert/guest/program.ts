/**
 * Starts the programs that work on guests and run them (virt-v2v-in-place, guestfish, qemu-img, qemu-system). They start others in turn (an
 * appliance, servers of disks); src/programs/leashed.ts sees to it that none is left. Of our own environment they see PATH and HOME alone.
 */
import type { Readable, Writable } from 'node:stream';
import { MigrationError } from '../../model/errors.ts';
import { requireProgram } from '../../programs/find-program.ts';
import { type ProgramExit, startLeashed } from '../../programs/leashed.ts';

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
  const { stdin, stdout, third, ended } = startLeashed(program, argv, {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', LC_ALL: 'C', ...env },
    signal,
  });
  return { stdin, stdout, reports: third, ended };
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
