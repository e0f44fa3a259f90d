/** One command on a host: its input, its output, its end. */
import type ssh2 from 'ssh2';
import { MigrationError } from '../../../src/model/errors.ts';
import { ANSWER_LIMIT, type Ended } from '../scripts/answer.ts';

export interface Call {
  /** Of the host, for people. */
  readonly host: string;
  /** Command line. */
  readonly line: string;
  /** All of the standard input. */
  readonly input: string;
}

/** Bytes of standard error that are kept. */
const NOISE = 64 * 1024;

/** @throws MigrationError `source-busy` where no channel is granted, `source-answer-broken` where the connection is lost */
export async function runOn(client: ssh2.Client, { host, line, input }: Call, signal: AbortSignal): Promise<Ended> {
  signal.throwIfAborted();
  const channel = await openChannel(client, { host, line });
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const out = new Kept(ANSWER_LIMIT + 1);
  const err = new Kept(NOISE);
  let code: number | undefined;
  // An answer that is too long is refused by whoever reads it; the rest is not waited for.
  channel.on('data', (piece: Buffer) => out.take(piece) || channel.close());
  channel.stderr.on('data', (piece: Buffer) => err.take(piece));
  channel.on('exit', (ended: number | null) => {
    code = ended ?? undefined;
  });
  channel.once('close', () => resolve(code));
  // A host that ends the command before it has read everything is judged by what it answers.
  channel.on('error', () => undefined);
  const stop = (): void => {
    channel.close();
    reject(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    else channel.end(input);
    const exitCode = await promise;
    if (exitCode === undefined && !out.full) {
      throw new MigrationError('source-answer-broken', `Talking to ${host} failed: the connection was cut`, { file: host });
    }
    return { stdout: out.text, stderr: err.text, exitCode: exitCode ?? 1 };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function openChannel(client: ssh2.Client, { host, line }: Pick<Call, 'host' | 'line'>): Promise<ssh2.ClientChannel> {
  const { promise, resolve, reject } = Promise.withResolvers<ssh2.ClientChannel>();
  const lost = (): void =>
    reject(new MigrationError('source-answer-broken', `Talking to ${host} failed: the connection was cut`, { file: host }));
  client.once('close', lost);
  try {
    client.exec(line, (error, channel) =>
      error === undefined || error === null ? resolve(channel) : reject(refused(error, host)),
    );
    return await promise;
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError('source-answer-broken', `Talking to ${host} failed: the connection was cut`, {
      file: host,
      cause: error,
    });
  } finally {
    client.removeListener('close', lost);
  }
}

function refused(error: Error, host: string): MigrationError {
  return new MigrationError('source-busy', `${host} grants no further session`, {
    hint: 'Wait until others have ended, or raise MaxSessions in C:\\ProgramData\\ssh\\sshd_config.',
    cause: error,
  });
}

/** What came of a stream, up to a limit. */
class Kept {
  readonly #pieces: Buffer[] = [];
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  /** False when there is no room for more. */
  take(piece: Buffer): boolean {
    if (this.#left > 0) this.#pieces.push(piece.subarray(0, this.#left));
    this.#left -= Math.min(piece.length, this.#left);
    return this.#left > 0;
  }

  get full(): boolean {
    return this.#left === 0;
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }
}
