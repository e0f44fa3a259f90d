/**
 * Starts the programs that move bytes (qemu-img, qemu-nbd, nbdkit, dd), so that none outlives us: src/programs/leashed.ts. They see our
 * environment whole: proxies, certificates and libraries of the user's plugins are named there.
 */
import type { Readable } from 'node:stream';
import { requireProgram } from '../programs/find-program.ts';
import { type LeashedProgram, type ProgramExit, startLeashed } from '../programs/leashed.ts';
import { checkCanceled } from './cancellation.ts';

/** Programs by the Debian package that brings them. */
const PACKAGES = {
  'qemu-img': 'qemu-utils',
  'qemu-nbd': 'qemu-utils',
  dd: 'coreutils',
  fallocate: 'util-linux',
  blkdiscard: 'util-linux',
  nbdkit: 'nbdkit',
} as const;
export type ProgramName = keyof typeof PACKAGES;

export interface RunningProgram {
  readonly stdout: Readable;
  /** Settles when the program and all it started have ended and its pipes are closed; never rejects. */
  readonly ended: Promise<ProgramExit>;
  /** Ends it at once. What our programs write are files that nobody trusts until they are proven, so there is nothing to save. */
  kill(): void;
}

/**
 * @throws MigrationError `tool-missing` naming the Debian package; `canceled`
 */
export async function startProgram(name: ProgramName, argv: readonly string[], signal: AbortSignal): Promise<RunningProgram> {
  const { third, ...program } = await start(name, argv, signal);
  third.end();
  return program;
}

/**
 * The same for a program that reads a secret from file descriptor 3, up to the end.
 * @throws as startProgram
 */
export async function startWithSecret(
  name: ProgramName,
  argv: readonly string[],
  { secret, signal }: { readonly secret: string; readonly signal: AbortSignal },
): Promise<RunningProgram> {
  const { third, ...program } = await start(name, argv, signal);
  third.end(secret);
  return program;
}

async function start(name: ProgramName, argv: readonly string[], signal: AbortSignal): Promise<LeashedProgram> {
  const path = await requireProgram(name, PACKAGES[name]);
  checkCanceled(signal);
  const program = startLeashed(path, argv, { env: { ...process.env, LC_ALL: 'C' }, signal });
  program.stdin.end();
  program.third.resume();
  return program;
}
