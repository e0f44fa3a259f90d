/**
 * Starts the programs that this room drives (qemu-img, qemu-nbd, nbdkit, dd) so that none outlives us: each is killed when its
 * signal aborts and, through setpriv's parent-death signal, when this process dies by SIGKILL. Each runs in its own
 * session: Ctrl-C on a terminal reaches only us, and we stop our children in order. No secrets in argv, ever.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { type Readable, Writable } from 'node:stream';
import { findProgram, requireProgram } from '../programs/find-program.ts';
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

/** What a program said on stderr is kept up to this many characters: the end of it, where the reason stands. */
const STDERR_LIMIT = 32_768;

export interface ProgramExit {
  /** Exit status; undefined when a signal ended the program. */
  readonly status: number | undefined;
  readonly killedBy: NodeJS.Signals | undefined;
  /** The last 32 Ki characters. */
  readonly stderr: string;
}

export interface RunningProgram {
  readonly stdout: Readable;
  /** Settles when the program has ended and its pipes are closed; never rejects. */
  readonly ended: Promise<ProgramExit>;
  /** Ends it at once. What our programs write are files that nobody trusts until they are proven, so there is nothing to save. */
  kill(): void;
}

/**
 * @throws MigrationError `tool-missing` naming the Debian package; `canceled`
 */
export async function startProgram(name: ProgramName, argv: readonly string[], signal: AbortSignal): Promise<RunningProgram> {
  return watch(await spawnProgram(name, argv, signal), signal);
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
  const child = await spawnProgram(name, argv, signal, ['pipe']);
  const pipe = child.stdio[3];
  if (!(pipe instanceof Writable)) throw new Error('The program has no descriptor for its secret');
  // A program that ends before it reads says why in its own words.
  pipe.on('error', () => undefined).end(secret);
  return watch(child, signal);
}

async function spawnProgram(
  name: ProgramName,
  argv: readonly string[],
  signal: AbortSignal,
  more: readonly 'pipe'[] = [],
): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const program = await requireProgram(name, PACKAGES[name]);
  const guard = await findProgram('setpriv');
  checkCanceled(signal);
  const [command, ...args] = guard === undefined ? [program, ...argv] : [guard, ...guarded(program, argv)];
  return spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...more],
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
  }) as ChildProcessByStdio<null, Readable, Readable>;
}

/** Who dies before setpriv has asked for the signal has no child by then any more: what is started sees another parent, and goes. */
function guarded(program: string, argv: readonly string[]): readonly string[] {
  const only = '[ "$PPID" = "$0" ] && exec "$@"';
  return ['--pdeathsig', 'KILL', '--', '/bin/sh', '-c', only, String(process.pid), program, ...argv];
}

function watch(child: ChildProcessByStdio<null, Readable, Readable>, signal: AbortSignal): RunningProgram {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  const ended = new Promise<ProgramExit>((resolve) => {
    const end = (status: number | null, killedBy: NodeJS.Signals | null): void => {
      signal.removeEventListener('abort', kill);
      resolve({ status: status ?? undefined, killedBy: killedBy ?? undefined, stderr: stderr.trim() });
    };
    child.once('close', end);
    child.once('error', (error) => {
      stderr += error.message;
      end(null, null);
    });
  });
  return { stdout: child.stdout, ended, kill };
}
