/**
 * Who is logged in: expiry, limits, locked accounts, and a ledger from which a test reads that nobody stayed behind.
 * What a locked account is told over SOAP is not documented; the text here is the one of the login page.
 */
import { type Answer, argument, fault, notAuthenticated, type SoapCall } from './soap.ts';

export interface SessionRecord {
  /** Value of the cookie or of the REST session header. */
  readonly id: string;
  readonly kind: 'soap' | 'rest';
  readonly username: string;
  calls: number;
  state: 'open' | 'closed' | 'expired';
}

export interface SessionRules {
  /** A session expires at this call after its login; never when absent. */
  readonly expireAfterCalls?: number;
  /** Open sessions at a time; a further login gets HTTP 503. No limit when absent. */
  readonly maxSessions?: number;
  /** Wrong passwords that lock an account; 5 when absent, as single sign-on has it. */
  readonly lockAfter?: number;
  /** Domains that single sign-on knows. */
  readonly domains?: readonly string[];
}

const BAD_LOGIN = 'Cannot complete login due to an incorrect user name or password.';
const LOCKED = 'User account is locked. Please contact your administrator.';

/** Turns grants of the simulator, which grants everything, into refusals. @param denied `privilege` or `privilege object-id` */
export function deny(text: string, denied: ReadonlySet<string>): string {
  return text.replaceAll(/<returnval>([\s\S]*?)<\/returnval>/g, (entry: string) => {
    const object = /<entity [^>]*>([^<]*)</.exec(entry)?.[1] ?? '';
    return entry.replaceAll(/<privId>([^<]*)<\/privId><isGranted>true/g, (all: string, privilege: string) =>
      denied.has(privilege) || denied.has(`${privilege} ${object}`) ? all.replace('true', 'false') : all,
    );
  });
}

export class Sessions {
  readonly all: SessionRecord[] = [];
  /** Privileges that nobody has: `privilege`, or `privilege object-id` where it is missing on one object. */
  readonly denied = new Set<string>();
  readonly #rules: SessionRules;
  readonly #failures = new Map<string, number>();
  readonly #locked = new Set<string>();
  readonly #waiting = new Map<SessionRecord, readonly (() => void)[]>();
  /** Logins that were tried, good or bad. */
  logins = 0;

  constructor(rules: SessionRules) {
    this.#rules = rules;
  }

  get open(): readonly SessionRecord[] {
    return this.all.filter((session) => session.state === 'open');
  }

  lock(username: string): void {
    this.#locked.add(username);
  }

  unlock(username: string): void {
    this.#locked.delete(username);
    this.#failures.delete(username);
  }

  /** The session of a request, whatever its state. */
  find(headers: Readonly<Record<string, string>>): SessionRecord | undefined {
    const cookie = /vmware_soap_session="?([^";]+)/.exec(headers['cookie'] ?? '')?.[1];
    const rest = headers['vmware-api-session-id'] ?? /vmware-api-session-id=([^;]+)/.exec(headers['cookie'] ?? '')?.[1];
    return this.all.find((session) => session.id === (cookie ?? rest));
  }

  /** The refusal that a login meets before its password is looked at. */
  refuse(call: SoapCall): Answer | undefined {
    this.logins += 1;
    const username = argument(call, 'userName') ?? '';
    const domain = /@(.+)$/.exec(username)?.[1] ?? /^(.+)\\/.exec(username)?.[1];
    if (this.#locked.has(username)) return fault('InvalidLogin', { message: LOCKED });
    if (domain && this.#rules.domains && !this.#rules.domains.includes(domain.toLowerCase()))
      return fault('InvalidLogin', { message: BAD_LOGIN });
    if (this.open.length >= (this.#rules.maxSessions ?? Number.POSITIVE_INFINITY))
      return { status: 503, headers: { 'content-type': 'text/plain' }, body: '503 Service Unavailable' };
    return undefined;
  }

  /** Takes note of how a login ended, and says of a failed one what vCenter says. */
  settle(call: SoapCall, answer: Answer): Answer {
    const username = argument(call, 'userName') ?? '';
    const id = /vmware_soap_session="?([^";]+)/.exec(answer.headers?.['set-cookie'] ?? '')?.[1];
    if (answer.status === 200 && id) {
      this.#failures.delete(username);
      this.all.push({ id, kind: 'soap', username, calls: 0, state: 'open' });
      return {
        ...answer,
        headers: { ...answer.headers, 'set-cookie': `vmware_soap_session="${id}"; Path=/; HttpOnly; Secure;` },
      };
    }
    if (!String(answer.body).includes('InvalidLogin')) return answer;
    const failures = (this.#failures.get(username) ?? 0) + 1;
    this.#failures.set(username, failures);
    if (failures >= (this.#rules.lockAfter ?? 5)) this.lock(username);
    return fault('InvalidLogin', { message: BAD_LOGIN });
  }

  /** A REST login that succeeded. */
  opened(id: string): void {
    this.all.push({ id, kind: 'rest', username: '', calls: 0, state: 'open' });
  }

  /** Counts a call, and says that it may not be made where its session has ended. */
  check(session: SessionRecord | undefined): Answer | undefined {
    if (!session) return undefined;
    session.calls += 1;
    if (session.calls > (this.#rules.expireAfterCalls ?? Number.POSITIVE_INFINITY)) this.expire(session);
    if (session.state === 'open') return undefined;
    if (session.kind === 'soap') return notAuthenticated();
    const body = '{"type":"com.vmware.vapi.std.errors.unauthenticated","value":{"messages":[]}}';
    return { status: 401, headers: { 'content-type': 'application/json' }, body };
  }

  expire(session: SessionRecord): void {
    if (session.state !== 'open') return;
    session.state = 'expired';
    for (const tell of this.#waiting.get(session) ?? []) tell();
    this.#waiting.delete(session);
  }

  /** Resolves when the session expires. */
  ended(session: SessionRecord): Promise<void> {
    return new Promise((resolve) => {
      if (session.state === 'expired') resolve();
      else this.#waiting.set(session, [...(this.#waiting.get(session) ?? []), resolve]);
    });
  }
}
