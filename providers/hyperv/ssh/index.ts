/**
 * A Hyper-V host by SSH (Windows' own OpenSSH server): the same scripts by the same command as over WinRM, one channel a call.
 *
 *   index (calls, within a quota) ─► line (one connection, opened again when it is lost) ─► host-key, login
 *
 * What the scripts say is not looked at here.
 */
import type { Remote } from '../remote.ts';
import { readAnswer } from '../scripts/answer.ts';
import type { ScriptAnswer, ScriptInput, ScriptName } from '../scripts/contract.ts';
import { command, standardInput } from '../scripts/index.ts';
import { Line, type SshOptions, type SshPlace } from './line.ts';
import { runOn } from './run.ts';

/** Channels at once: OpenSSH's servers grant ten sessions a connection (`MaxSessions`), others of ours may want some. */
const AT_ONCE = 4;

/**
 * Logs in.
 * @throws MigrationError `source-unreachable`, `source-untrusted`, `source-login-failed`, `source-answer-broken`, `usage`, `config-invalid`
 */
export async function openSsh(place: SshPlace, options: SshOptions, signal: AbortSignal): Promise<Remote> {
  const line = new Line(place, options);
  try {
    await line.client(signal);
  } catch (error) {
    await line[Symbol.asyncDispose]();
    throw error;
  }
  return new SshRemote(place.host, line);
}

class SshRemote implements Remote {
  readonly host: string;
  readonly #line: Line;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(host: string, line: Line) {
    this.host = host;
    this.#line = line;
  }

  async run<Name extends ScriptName>(name: Name, input: ScriptInput<Name>, signal: AbortSignal): Promise<ScriptAnswer<Name>> {
    const { program, args } = command();
    const told = standardInput(name, input);
    await this.#begin(signal);
    try {
      const client = await this.#line.client(signal);
      const ended = await runOn(client, { host: this.host, line: [program, ...args].join(' '), input: told }, signal);
      return readAnswer(name, ended, this.host);
    } finally {
      this.#running -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line[Symbol.asyncDispose]();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    while (this.#running >= AT_ONCE) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.#waiting.push(wake);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
    }
    signal.throwIfAborted();
    this.#running += 1;
  }
}
