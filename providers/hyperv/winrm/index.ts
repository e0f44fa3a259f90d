/**
 * A Hyper-V host by WinRM: our own small client of WS-Management and its remote shell. Scripts go in and answers come out; what they say is not
 * looked at here.
 *
 *   index (calls, within a quota) ─► shell (commands, input, output) ─► service (envelopes, logins, faults) ─► connection (one each, HTTP)
 *
 * Messages are sealed by NTLM over HTTP and by TLS over HTTPS; nothing secret goes any other way.
 */
import type { ClientCertificate, Credentials, Trust } from '../../../src/contracts/credentials.ts';
import type { LoginMethod } from '../../../src/contracts/provider.ts';
import type { Remote } from '../remote.ts';
import { readAnswer } from '../scripts/answer.ts';
import type { ScriptAnswer, ScriptInput, ScriptName } from '../scripts/contract.ts';
import { command, standardInput } from '../scripts/index.ts';
import type { Place } from './connection.ts';
import { Service } from './service.ts';
import { Shell } from './shell.ts';
import { Turns } from './turns.ts';

/** Processes at once, of the 25 that a shell may have (15 on Server 2012): each is a PowerShell of some 100 MB on the host. */
const AT_ONCE = 4;

export interface WinrmOptions {
  /** Asked once, when the way to log in needs a password. */
  readonly credentials?: () => Promise<Credentials>;
  readonly trust?: Trust;
  /** Absent: the certificate where one is given, else the strongest of the server's that a password is enough for. */
  readonly loginMethod?: LoginMethod;
  readonly clientCertificate?: ClientCertificate;
}

/**
 * Logs in and makes the shell that all scripts run in.
 * @throws MigrationError `source-unreachable`, `source-untrusted`, `source-login-failed`, `source-forbidden`, `source-busy`, `source-answer-broken`,
 * `usage`, `credentials-missing`, `tool-missing`
 */
export async function openWinrm(place: Place, options: WinrmOptions, signal: AbortSignal): Promise<Remote> {
  const remote = new WinrmRemote(place, options);
  try {
    await remote.open(signal);
    return remote;
  } catch (error) {
    await remote[Symbol.asyncDispose]();
    throw error;
  }
}

class WinrmRemote implements Remote {
  readonly host: string;
  readonly #service: Service;
  readonly #shell: Shell;
  readonly #turns = new Turns(AT_ONCE);

  constructor(place: Place, options: WinrmOptions) {
    this.host = place.host;
    this.#service = new Service(place, options);
    this.#shell = new Shell(this.#service);
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#shell.open(signal);
  }

  async run<Name extends ScriptName>(name: Name, input: ScriptInput<Name>, signal: AbortSignal): Promise<ScriptAnswer<Name>> {
    const told = { ...command(), input: standardInput(name, input) };
    const ended = await this.#turns.take(() => this.#shell.run(told, signal), signal);
    return readAnswer(name, ended, this.host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shell[Symbol.asyncDispose]();
    await this.#service[Symbol.asyncDispose]();
  }
}
