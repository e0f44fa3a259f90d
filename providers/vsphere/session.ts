/**
 * A login and what goes through it. When the server has forgotten the session, it is renewed once for all calls that met that,
 * and each goes on where it was. A wrong password is never tried again, because servers lock accounts; logins are bounded anyway.
 */
import type { Credentials } from '../../src/contracts/credentials.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Http } from './http.ts';
import { bulkCall } from './vim/bulk-call.ts';
import { isFault, VimFault } from './vim/fault.ts';
import type { Arguments, MoRef, VimNode } from './vim/node.ts';
import type { Operation } from './vim/operations.ts';
import { SoapCalls } from './vim/soap-calls.ts';
import type { Emit } from './vim/xml-reader.ts';

const SERVICE_INSTANCE: MoRef = { type: 'ServiceInstance', id: 'ServiceInstance' };
/** vCenter ends sessions after 30 idle minutes by default. */
const KEEPALIVE_MS = 5 * 60_000;
const LOGOUT_PATIENCE_MS = 5_000;
/** More logins than this in so much time mean that something throws us out. */
const MAX_LOGINS = 5;
const LOGIN_WINDOW_MS = 5 * 60_000;

export interface About {
  readonly fullName: string;
  readonly apiVersion: string;
  /** `VirtualCenter`, or `HostAgent` for a standalone ESXi. */
  readonly apiType: string;
  readonly instanceUuid?: string;
}

export interface SessionOptions {
  readonly http: Http;
  readonly credentials: () => Promise<Credentials>;
  /** Milliseconds since the epoch; a test brings its own. */
  readonly now?: () => number;
}

export class Session implements AsyncDisposable {
  readonly about: About;
  readonly http: Http;
  readonly #calls: SoapCalls;
  readonly #content: VimNode;
  readonly #credentials: () => Promise<Credentials>;
  readonly #now: () => number;
  readonly #logins: number[] = [];
  readonly #action: string;
  #renewing: Promise<void> | undefined;
  #generation = 0;
  #keepalive: NodeJS.Timeout | undefined;

  private constructor(options: SessionOptions, calls: SoapCalls, content: VimNode) {
    this.http = options.http;
    this.#credentials = options.credentials;
    this.#now = options.now ?? Date.now;
    this.#calls = calls;
    this.#content = content;
    const instanceUuid = content.string('about', 'instanceUuid');
    this.about = {
      fullName: content.string('about', 'fullName') ?? 'vSphere',
      apiVersion: content.string('about', 'apiVersion') ?? '6.5',
      apiType: content.string('about', 'apiType') ?? 'VirtualCenter',
      ...(instanceUuid !== undefined && { instanceUuid }),
    };
    // Without a version the server answers in that of the first release, without what was added since.
    this.#action = `urn:vim25/${this.about.apiVersion}`;
  }

  /**
   * Asks what the server is, and logs in.
   * @throws MigrationError `source-unreachable`, `source-untrusted`, `source-login-failed`, `credentials-missing`
   */
  static async open(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const session = await Session.greet(options, signal);
    try {
      await session.login(signal);
      return session;
    } catch (error) {
      // The cookie comes before the body: a login whose answer was spoiled may have opened a session.
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Asks what the server is, without a login. */
  static async greet(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const calls = new SoapCalls(options.http);
    const answer = await calls.call('RetrieveServiceContent', SERVICE_INSTANCE, {}, { signal, action: 'urn:vim25' });
    const content = answer.get('returnval');
    if (content === undefined) throw new MigrationError('source-answer-broken', `${options.http.host} is no vSphere server`);
    return new Session(options, calls, content);
  }

  /** Counts logins: what lives in a session (views, filters, tokens) is gone when it changes. */
  get generation(): number {
    return this.#generation;
  }

  /** A manager object of the server: `propertyCollector`, `viewManager`, `rootFolder`. @throws MigrationError `source-refused` */
  manager(name: string): MoRef {
    const found = this.#content.ref(name);
    if (found === undefined) throw new MigrationError('source-refused', `${this.http.host} has no ${name}`);
    return found;
  }

  /** True where the server has that manager; a standalone ESXi lacks many. */
  has(name: string): boolean {
    return this.#content.ref(name) !== undefined;
  }

  /** The response element. @throws VimFault, MigrationError */
  async call(
    operation: Operation,
    on: MoRef,
    args: Arguments,
    { signal, patience }: { readonly signal: AbortSignal; readonly patience?: number },
  ): Promise<VimNode> {
    const generation = this.#generation;
    const options = { signal, action: this.#action, ...(patience !== undefined && { patience }) };
    try {
      return await this.#calls.call(operation, on, args, options);
    } catch (error) {
      if (!isFault(error, 'NotAuthenticated')) throw error;
      await this.renew(generation, signal);
      return await this.#calls.call(operation, on, args, options);
    }
  }

  /**
   * A call with a large answer, element by element; returns the rest. A lost session is not healed here, because what the call
   * refers to may be lost with it.
   */
  stream(
    { operation, on, args, emit }: { operation: Operation; on: MoRef; args: Arguments; emit: Emit },
    signal: AbortSignal,
  ): AsyncGenerator<VimNode, VimNode> {
    return bulkCall(this.http, { operation, on, args, emit }, { signal, action: this.#action });
  }

  /** Logs in again unless somebody has since `generation`. @throws MigrationError `source-login-failed` */
  async renew(generation: number, signal: AbortSignal): Promise<void> {
    if (generation !== this.#generation) return;
    this.#renewing ??= this.login(signal).finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async login(signal: AbortSignal): Promise<void> {
    this.#countLogin();
    const { user, password } = await this.#credentials();
    this.http.forgetSession();
    try {
      await this.#calls.call(
        'Login',
        this.manager('sessionManager'),
        { userName: user, password },
        { signal, action: this.#action },
      );
    } catch (error) {
      throw error instanceof VimFault ? loginFailure(error, user, this.about) : error;
    }
    this.#generation += 1;
    this.#keepalive ??= setInterval(() => void this.#touch(), KEEPALIVE_MS).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#keepalive);
    if (!this.http.hasSession) return;
    // A server that does not answer will end the session by itself; one lost request should not leave it open till then.
    const logout = () =>
      this.#calls.call(
        'Logout',
        this.manager('sessionManager'),
        {},
        { signal: AbortSignal.timeout(LOGOUT_PATIENCE_MS), action: this.#action },
      );
    await logout()
      .catch((error: unknown) => (isFault(error, 'NotAuthenticated') ? undefined : logout()))
      .catch(() => undefined);
    this.http.forgetSession();
  }

  async #touch(): Promise<void> {
    const signal = AbortSignal.timeout(KEEPALIVE_MS);
    await this.call('CurrentTime', SERVICE_INSTANCE, {}, { signal }).catch(() => undefined);
  }

  #countLogin(): void {
    const now = this.#now();
    while ((this.#logins[0] ?? now) < now - LOGIN_WINDOW_MS) this.#logins.shift();
    if (this.#logins.length >= MAX_LOGINS) {
      throw new MigrationError('source-busy', `${this.http.host} ended ${MAX_LOGINS} sessions within five minutes`, {
        hint: 'Wait some minutes. Look for a limit of sessions, a load balancer that spreads one client over servers, or an administrator who ends them.',
      });
    }
    this.#logins.push(now);
  }
}

/** Names the usual causes; never the password. */
function loginFailure(fault: VimFault, user: string, about: About): MigrationError {
  const message = fault.message;
  if (fault.fault === 'NoPermission') {
    return new MigrationError('source-forbidden', `${user} may not log in: ${message}`, { cause: fault });
  }
  if (/lock/i.test(message)) {
    return new MigrationError('source-login-failed', `The account ${user} is locked: ${message}`, {
      hint: 'Wait until the lock ends or have it unlocked; trying again makes it last longer.',
      cause: fault,
    });
  }
  const center = about.apiType === 'VirtualCenter';
  const hint = !center
    ? 'Check user name and password. ESXi locks an account for 15 minutes after five failures.'
    : /[@\\]/.test(user)
      ? 'Check the password, and that the part after @ is an identity source of this vCenter (often vsphere.local); a locked account says the same.'
      : `The user name has no domain: try ${user}@vsphere.local, or the domain of your directory.`;
  return new MigrationError('source-login-failed', `The server refused the login of ${user}: ${message}`, { hint, cause: fault });
}
