/**
 * Starts programs that none outlives us, nor what they start themselves. Each runs in a session and process group of its own on a
 * leash: a pipe that only we hold. When it closes, because the program has ended, because its signal aborted, or because this process
 * died by whatever means (SIGKILL too), the whole group is killed. So nobody writes to a disk any more once `ended` has settled.
 * Ctrl-C on a terminal reaches only us; we stop what we started in order. Works with any POSIX shell. No secrets in argv, ever.
 *
 * What the rooms start, with whose environment, and what they call a cancellation is theirs: src/transfer/program.ts, src/convert/guest/program.ts.
 */
import { spawn } from 'node:child_process';
import { Duplex, type Readable, Writable } from 'node:stream';

/** What a program said on stderr is kept up to this many characters: the end of it, where the reason stands. */
const STDERR_LIMIT = 32_768;

/** The shell becomes the program; its child waits for the end of the leash (descriptor 4), then kills the group both are in. */
const WATCH = "/bin/sh -c 'read -r end; kill -KILL 0' leash <&4 >/dev/null 2>&1 3>&- 4<&- &";
const LEASHED = `${WATCH} exec "$@" 4<&-`;

export interface ProgramExit {
  /** Exit status; undefined when a signal ended the program. */
  readonly status: number | undefined;
  readonly killedBy: NodeJS.Signals | undefined;
  /** The last 32 Ki characters. */
  readonly stderr: string;
}

export interface LeashedProgram {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Descriptor 3 of the program: some report on it, some read a secret from it. To be read to its end: `ended` waits for that. */
  readonly third: Duplex;
  /** Settles when the program and all it started have ended and its pipes are closed; never rejects. */
  readonly ended: Promise<ProgramExit>;
  /** Ends it at once. What our programs write are files that nobody trusts until they are proven, so there is nothing to save. */
  kill(): void;
}

/** @param program absolute path @param env all that it sees of an environment */
export function startLeashed(
  program: string,
  argv: readonly string[],
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): LeashedProgram {
  const child = spawn('/bin/sh', ['-c', LEASHED, 'sh', program, ...argv], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env,
  });
  const [stdin, stdout, stderrPipe, third, leash] = child.stdio;
  if (!(third instanceof Duplex && leash instanceof Writable && stdin && stdout && stderrPipe)) {
    throw new Error('A program was started without its pipes');
  }
  // One that ends before it reads says why in its own words.
  for (const pipe of [stdin, third, leash]) pipe.on('error', () => undefined);
  let stderr = '';
  stderrPipe.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  const kill = (): void => {
    leash.destroy();
  };
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  const ended = new Promise<ProgramExit>((resolve) => {
    const end = (status: number | null, killedBy: NodeJS.Signals | null): void => {
      signal.removeEventListener('abort', kill);
      kill();
      resolve({ status: status ?? undefined, killedBy: killedBy ?? undefined, stderr: stderr.trim() });
    };
    child.once('exit', kill);
    child.once('close', end);
    child.once('error', (error) => {
      stderr += error.message;
      end(null, null);
    });
  });
  return { stdin, stdout, third, ended, kill };
}
