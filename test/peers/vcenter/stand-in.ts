/**
 * The server in front of the simulator: takes each request through the weather, the session check and whoever has something to say about it,
 * and passes on the rest.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AreaRules, queryChangedDiskAreas } from './changed-areas.ts';
import { type DatastoreRules, serveFile } from './datastore.ts';
import { type Fault, Faults, instead, send } from './faults.ts';
import { type LeaseRules, Leases } from './leases.ts';
import { type MachineRules, Machines } from './machines.ts';
import { Others } from './others.ts';
import { PolicyService } from './policies.ts';
import { rewriteProperties } from './rewrite.ts';
import { deny, type SessionRecord, type SessionRules, Sessions } from './sessions.ts';
import { type Answer, notAuthenticated, readCall, type SoapCall } from './soap.ts';
import { Tasks } from './tasks.ts';
import { Troubles } from './troubles.ts';
import type { Incoming, Upstream } from './upstream.ts';
import { type UpdateRules, Versions } from './versions.ts';

/** How the server behaves; each group is told where it is declared. */
export interface ServerRules extends AreaRules, DatastoreRules, LeaseRules, MachineRules, SessionRules, UpdateRules {}

export class StandIn {
  origin = '';
  readonly sessions: Sessions;
  readonly faults = new Faults();
  readonly machines: Machines;
  readonly leases: Leases;
  readonly others: Others;
  readonly troubles: Troubles;
  /** Connections that are refused before a word is said. */
  refusing = 0;
  /** Cuts all connections. */
  hangUp: () => void = () => undefined;
  readonly policies = new PolicyService();
  readonly requests: string[] = [];
  readonly #tasks = new Tasks();
  readonly #versions: Versions;
  readonly #upstream: Upstream;
  readonly #rules: ServerRules;
  /** How often the service has died. */
  #lives = 0;

  constructor(upstream: Upstream, rules: ServerRules & { readonly thumbprint: string }) {
    this.#upstream = upstream;
    this.#rules = rules;
    this.#versions = new Versions(rules);
    this.sessions = new Sessions(rules);
    this.machines = new Machines(upstream, this.#tasks, rules);
    this.leases = new Leases(upstream, this.machines, rules);
    this.others = new Others(upstream, this.machines);
    const service = { expireSessions: () => this.expire(this.sessions.open), outage: (times: number) => this.outage(times) };
    this.troubles = new Troubles({ machines: this.machines, others: this.others, service });
  }

  stop(): void {
    this.#tasks.stop();
    this.machines.stop();
    this.leases.drop();
  }

  async restart(refused: number): Promise<void> {
    await this.expire(this.sessions.open);
    this.leases.drop();
    this.#versions.restart();
    if (refused > 0) this.faults.add({ times: refused, fault: { kind: 'status', status: 503 } });
  }

  /** The service dies and is back after it has refused so many connections. Virtual machines do not notice. */
  async outage(connections: number): Promise<void> {
    this.machines.chronicle.note('service', `dies, refuses ${connections} connections`, 'somebody');
    this.refusing += connections;
    this.#lives += 1;
    await this.restart(0);
    this.hangUp();
  }

  /** Ends sessions on the simulator too, so that their views and filters are gone as they would be. */
  async expire(sessions: readonly SessionRecord[]): Promise<void> {
    for (const session of sessions) {
      this.sessions.expire(session);
      if (session.kind === 'rest') continue;
      await this.#upstream.logout(`vmware_soap_session=${session.id}`).catch(() => undefined);
    }
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    response.on('error', () => undefined);
    try {
      const incoming = await received(request, gone.signal);
      await this.troubles.due();
      if (request.socket.destroyed) return;
      this.machines.served();
      const call = /^\/(?:sdk|pbm)\b/.test(incoming.path) ? readCall(incoming.body.toString()) : undefined;
      const { method, path } = incoming;
      const observed = { method, path, operation: call?.operation ?? '', body: incoming.body.toString() };
      this.requests.push(call?.operation ?? `${method} ${path}`);
      const fault = this.faults.next(observed);
      const unseen = fault && instead(fault);
      if (unseen === 'reset') response.destroy();
      else await send(response, unseen ?? (await this.#answer(incoming, call, fault)), unseen ? undefined : fault);
    } catch (error) {
      if (gone.signal.aborted) return;
      await send(response, { status: 500, headers: { 'content-type': 'text/plain' }, body: `the stand-in failed: ${error}` });
    }
  }

  async #answer(incoming: Incoming, call: SoapCall | undefined, fault: Fault | undefined): Promise<Answer> {
    const session = this.sessions.find(incoming.headers);
    if (fault?.kind === 'expire' && session) await this.expire([session]);
    const free = call && ['RetrieveServiceContent', 'Login'].includes(call.operation);
    const refused = free ? undefined : this.sessions.check(session);
    if (refused && session?.state === 'expired') await this.expire([session]);
    // Beside the API a session that has ended is as good as none.
    if (refused) return /^\/folder[/?]/.test(incoming.path) ? UNAUTHORIZED : refused;
    const answer = await this.#routed(incoming, call, session);
    if (call?.operation === 'Logout' && answer.status === 200 && session) session.state = 'closed';
    // Bytes of disks are not searched for addresses.
    if (!/xml|json/.test(answer.headers?.['content-type'] ?? '')) return answer;
    // A standalone host says `*` where it means itself.
    const body = String(answer.body).replaceAll(this.#upstream.origin, this.origin).replaceAll('http://*/', 'https://*/');
    return { ...answer, body };
  }

  async #routed(incoming: Incoming, call: SoapCall | undefined, session: SessionRecord | undefined): Promise<Answer> {
    if (incoming.path.startsWith('/pbm')) return this.policies.handle(call, session?.id) ?? this.#upstream.forward(incoming);
    return call ? this.#soap(incoming, call, session) : this.#http(incoming, session);
  }

  async #soap(incoming: Incoming, call: SoapCall, session: SessionRecord | undefined): Promise<Answer> {
    // What was asked is done even if the client does not wait for the answer; otherwise the ledger would miss it.
    const forward = () => this.#upstream.forward({ ...incoming, signal: new AbortController().signal });
    if (call.operation === 'Login') return this.sessions.refuse(call) ?? this.#login(call, forward);
    if (call.operation === 'RetrieveServiceContent') return forward();
    if (!session) return notAuthenticated();
    if (call.operation === 'HasPrivilegeOnEntities') {
      const answer = await forward();
      return { ...answer, body: deny(String(answer.body), this.sessions.denied) };
    }
    if (call.operation === 'WaitForUpdatesEx') return this.#wait(incoming, call, session);
    const areas =
      call.operation === 'QueryChangedDiskAreas' ? queryChangedDiskAreas(call, this.machines, this.#rules) : undefined;
    const own =
      areas ??
      (await this.machines.handle(call, forward)) ??
      (await this.leases.handle(call, forward, incoming.headers['cookie'] ?? ''));
    return own ?? this.#rewritten(await forward());
  }

  /** A session whose login was heard by a service that died before it answered is gone with it. */
  async #login(call: SoapCall, forward: () => Promise<Answer>): Promise<Answer> {
    const lives = this.#lives;
    const answer = this.sessions.settle(call, await forward());
    const session = this.sessions.find({ cookie: answer.headers?.['set-cookie'] ?? '' });
    if (session && lives !== this.#lives) await this.expire([session]);
    return answer;
  }

  async #wait(incoming: Incoming, call: SoapCall, session: SessionRecord): Promise<Answer> {
    const asked = this.#versions.ask(session.id, call);
    if ('status' in asked) return this.#rewritten(asked);
    const over = new AbortController();
    const signal = AbortSignal.any([incoming.signal, over.signal]);
    const answer = await Promise.race([
      this.#upstream.forward({ ...incoming, signal, body: Buffer.from(asked.text) }),
      // A call that waits ends with its session.
      this.sessions.ended(session).then(notAuthenticated),
    ]).finally(() => over.abort());
    if (session.state !== 'open') return notAuthenticated();
    if (answer.status !== 200) return answer;
    const text = String(answer.body);
    await this.#tasks.settled(text);
    return this.#rewritten({ ...answer, body: this.#versions.told(session.id, call, text) });
  }

  #rewritten(answer: Answer): Answer {
    const scene = { machines: this.machines, tasks: this.#tasks, leases: this.leases };
    return { ...answer, body: rewriteProperties(String(answer.body), scene) };
  }

  async #http(incoming: Incoming, session: SessionRecord | undefined): Promise<Answer> {
    if (incoming.path.startsWith('/folder/') || incoming.path.startsWith('/folder?')) {
      if (!session && !this.#basic(incoming)) return UNAUTHORIZED;
      return serveFile(incoming, this.machines, this.#rules) ?? this.#upstream.forward(incoming);
    }
    if (incoming.path.startsWith('/nfc/')) return (await this.leases.serve(incoming)) ?? this.#upstream.forward(incoming);
    const answer = await this.#upstream.forward(incoming);
    if (/^\/(?:rest\/com\/vmware\/cis|api)\/session$/.test(incoming.path) && answer.status < 300)
      this.#rest(incoming, answer, session);
    return answer;
  }

  #rest(incoming: Incoming, answer: Answer, session: SessionRecord | undefined): void {
    if (incoming.method === 'DELETE' && session) session.state = 'closed';
    const id = incoming.method === 'POST' ? /"([0-9a-f-]{16,})"/.exec(String(answer.body))?.[1] : undefined;
    if (id) this.sessions.opened(id);
  }

  #basic({ headers }: Incoming): boolean {
    const [username, ...password] = Buffer.from((headers['authorization'] ?? '').replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    return this.#upstream.knows(username ?? '', password.join(':'));
  }
}

const UNAUTHORIZED: Answer = { status: 401, headers: { 'www-authenticate': 'Basic realm="VMware HTTP server"' }, body: '' };

async function received(request: IncomingMessage, signal: AbortSignal): Promise<Incoming> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join('; ') : (value ?? '');
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return { method: request.method ?? 'GET', path: request.url ?? '/', headers, body: Buffer.concat(pieces), signal };
}
