/** One SSH connection to a host. It is opened when it is wanted, and again when it was lost. */
import { once } from 'node:events';
import ssh2 from 'ssh2';
import type { Credentials, SshLogin, Trust } from '../../../src/contracts/credentials.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { networkTrouble } from '../../../src/model/network-trouble.ts';
import { judgeHostKey } from './host-key.ts';
import { planLogin } from './login.ts';

export interface SshPlace {
  readonly host: string;
  readonly port: number;
  /** Who logs in; else the login's user, else that of the credentials. */
  readonly user?: string;
}

export interface SshOptions {
  /** Asked for when no key is taken, and where nobody is named. */
  readonly credentials: () => Promise<Credentials>;
  /** `thumbprint`: the SHA-256 of the host's key, which alone decides then. */
  readonly trust?: Trust;
  readonly login?: SshLogin;
}

const PATIENCE_MS = 20_000;
/** A host that is silent for a minute is gone. */
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 4 };

export class Line implements AsyncDisposable {
  readonly #place: SshPlace;
  readonly #options: SshOptions;
  readonly #stop = new AbortController();
  #open: Promise<ssh2.Client> | undefined;

  constructor(place: SshPlace, options: SshOptions) {
    this.#place = place;
    this.#options = options;
  }

  /**
   * The connection as it is, or a new one. Whoever comes meanwhile waits for the same, each as long as its own signal lets it.
   * @throws MigrationError as `openSsh` says
   */
  async client(signal: AbortSignal): Promise<ssh2.Client> {
    signal.throwIfAborted();
    this.#open ??= this.#connect();
    const open = this.#open;
    // Whoever waits is told; perhaps nobody does any more.
    open.catch(() => this.#forget(open));
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([open, promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const client = await this.#open?.catch(() => undefined);
    this.#open = undefined;
    if (client === undefined) return;
    const closed = once(client, 'close');
    client.end();
    await closed;
  }

  #forget(open: Promise<ssh2.Client>): void {
    if (this.#open === open) this.#open = undefined;
  }

  async #connect(): Promise<ssh2.Client> {
    const { signal } = this.#stop;
    const { host, port, user } = this.#place;
    const { credentials, trust = {}, login = {} } = this.#options;
    const judge = judgeHostKey(this.#place, trust, login);
    const plan = await planLogin({ user, login }, credentials);
    const client = new ssh2.Client();
    let untrusted: MigrationError | undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.once('ready', resolve);
    // It stays: an error that nobody hears would end the process. Whoever uses the connection sees it close.
    client.on('error', reject);
    client.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      client.connect({
        ...{ host, port, username: plan.user, readyTimeout: PATIENCE_MS, ...KEEPALIVE },
        algorithms: { serverHostKey: [...judge.algorithms] },
        hostVerifier: (key: Buffer) => {
          untrusted = judge.trouble(key);
          return untrusted === undefined;
        },
        authHandler: plan.handler as ssh2.AuthHandlerMiddleware,
      });
      await promise;
    } catch (error) {
      client.destroy();
      signal.throwIfAborted();
      throw untrusted ?? plan.trouble() ?? trouble(error, { host, user: plan.user });
    } finally {
      signal.removeEventListener('abort', stop);
    }
    client.once('close', () => {
      this.#open = undefined;
    });
    return client;
  }
}

function trouble(error: unknown, { host, user }: { readonly host: string; readonly user: string }): unknown {
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  if (level === 'client-authentication') {
    return new MigrationError('source-login-failed', `${host} does not let ${user} in by SSH`, {
      hint: 'Check user and password, or the key: for administrators Windows reads C:\\ProgramData\\ssh\\administrators_authorized_keys only.',
    });
  }
  if (level === 'client-timeout')
    return new MigrationError('source-unreachable', `${host} cannot be reached: it does not answer`, { cause: error });
  const known = networkTrouble(error, host);
  if (known !== undefined) return known;
  return new MigrationError('source-answer-broken', `${host} does not speak SSH as it should`, { file: host, cause: error });
}
