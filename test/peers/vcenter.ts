/**
 * A vCenter for tests: vcsim, and in front of it over TLS what vcsim lacks, each in a file of its own under `vcenter/`.
 * Added: disks with bytes that a guest keeps writing, delta files, change tracking and QueryChangedDiskAreas, flat files with Range and locks,
 * ExportVm and leases that end, failed consolidation, guest shutdown as it is, slow and failing tasks, versions of update streams, sessions
 * that expire, locked accounts, restarts, real prefixes in XML, and faults on the wire to order.
 * Proves: that our client and data path do the right thing when a server behaves as documented and as reported, down to the bytes, and that
 * they survive bad weather with no session, lease or snapshot left behind (the ledgers tell).
 * Does not prove: what a real server answers where documents and reports are silent; VDDK, NFC on port 902, quiescing inside a guest, vSAN and
 * vVol, storage that is slow or full, speed. Simulated truth is no witness for itself: the bytes are compared with the guest's own disk.
 * A WaitForUpdatesEx that has to tell the end of a slow task answers when the task ends, even if that is past its `maxWaitSeconds`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { selfSigned } from './certificate.ts';
import { type AreaRules, queryChangedDiskAreas } from './vcenter/changed-areas.ts';
import { type DatastoreRules, serveFile } from './vcenter/datastore.ts';
import { type Dice, type Fault, type FaultRule, Faults, instead, type Struck, send } from './vcenter/faults.ts';
import type { GuestOptions, SimulatedGuest } from './vcenter/guest.ts';
import { type LeaseRecord, type LeaseRules, Leases } from './vcenter/leases.ts';
import { type MachineRules, Machines, type SnapshotRecord } from './vcenter/machines.ts';
import { rewriteProperties } from './vcenter/rewrite.ts';
import { type SessionRecord, type SessionRules, Sessions } from './vcenter/sessions.ts';
import { type Answer, notAuthenticated, readCall, type SoapCall } from './vcenter/soap.ts';
import { Tasks } from './vcenter/tasks.ts';
import { type Incoming, Upstream } from './vcenter/upstream.ts';
import { Versions } from './vcenter/versions.ts';
import { govc, type ServerAddress, startVcsim, type VcsimOptions } from './vcsim.ts';

/** How the server behaves; each group is told where it is declared. */
export interface VcenterOptions extends VcsimOptions, AreaRules, DatastoreRules, LeaseRules, MachineRules, SessionRules {}

export interface Vcenter extends ServerAddress, AsyncDisposable {
  /** Runs govc against this server, through the stand-in. @throws Error with what govc said */
  govc(args: readonly string[], signal?: AbortSignal): Promise<string>;
  /** Gives the VM of that name (or inventory path) disks with bytes and a guest that writes. */
  guest(vm: string, options?: GuestOptions): Promise<SimulatedGuest>;
  /** Orders a fault. */
  script(rule: FaultRule): void;
  /** Random faults from now on. */
  roll(dice: Dice): void;
  /** Fair weather again. */
  clearFaults(): void;
  /** All sessions that are open expire now. */
  expireSessions(): Promise<void>;
  /** The service restarts: sessions, leases and versions are gone; so many requests meet a 503 first. */
  restart(refused?: number): Promise<void>;
  lockAccount(username: string): void;
  unlockAccount(username: string): void;
  /** The next removal of a snapshot of this VM leaves its files unmerged and `consolidationNeeded` set. @param vm managed object id */
  failConsolidation(vm: string): void;
  readonly ledger: Ledger;
}

/** What happened, for a test to look at. */
export interface Ledger {
  readonly sessions: readonly SessionRecord[];
  readonly openSessions: readonly SessionRecord[];
  readonly leases: readonly LeaseRecord[];
  /** Leases that nobody has ended. */
  readonly openLeases: readonly LeaseRecord[];
  readonly snapshots: readonly SnapshotRecord[];
  /** Snapshots that exist. */
  readonly openSnapshots: readonly SnapshotRecord[];
  readonly struck: readonly Struck[];
  /** Every request in order: the operation, or the method and path. */
  readonly requests: readonly string[];
  /** Logins tried, good or bad. */
  readonly logins: number;
}

/** Starts it on loopback with a certificate of its own; disposing of it ends the simulator too. */
export async function startVcenter(options: VcenterOptions = {}): Promise<Vcenter> {
  const vcsim = await startVcsim({ ...options, tls: false });
  const tls = options.tls || selfSigned();
  const stand = new StandIn(new Upstream(vcsim), { ...options, thumbprint: tls.thumbprint.sha1 });
  const server = createServer(
    { key: tls.key, cert: tls.certificate },
    (request, response) => void stand.serve(request, response),
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  stand.origin = `https://127.0.0.1:${port}`;
  const { username, password } = vcsim;
  const { certificate, thumbprint } = tls;
  const address = { url: `${stand.origin}/sdk`, host: '127.0.0.1', port, username, password, certificate, thumbprint };
  return {
    ...address,
    govc: (args, signal) => govc(address, args, signal),
    guest: async (vm, guest = {}) => {
      const found = await vcsim.govc(['find', '-i', '-type', 'm', '/', '-name', vm.replace(/^.*\//, '')]);
      const id = /VirtualMachine:(\S+)/.exec(found)?.[1];
      if (!id) throw new Error(`the simulator has no VM ${vm}`);
      return stand.machines.attach(id, guest);
    },
    script: (rule) => stand.faults.add(rule),
    roll: (dice) => stand.faults.roll(dice),
    clearFaults: () => stand.faults.clear(),
    expireSessions: () => stand.expire(stand.sessions.open),
    restart: (refused = 0) => stand.restart(refused),
    lockAccount: (name) => stand.sessions.lock(name),
    unlockAccount: (name) => stand.sessions.unlock(name),
    failConsolidation: (vm) => stand.machines.failConsolidation(vm),
    ledger: ledger(stand),
    [Symbol.asyncDispose]: async () => {
      stand.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await vcsim[Symbol.asyncDispose]();
    },
  };
}

class StandIn {
  origin = '';
  readonly sessions: Sessions;
  readonly faults = new Faults();
  readonly machines: Machines;
  readonly leases: Leases;
  readonly requests: string[] = [];
  readonly #tasks = new Tasks();
  readonly #versions = new Versions();
  readonly #upstream: Upstream;
  readonly #options: VcenterOptions;

  constructor(upstream: Upstream, options: VcenterOptions & { readonly thumbprint: string }) {
    this.#upstream = upstream;
    this.#options = options;
    this.sessions = new Sessions(options);
    this.machines = new Machines(upstream, this.#tasks, options);
    this.leases = new Leases(upstream, this.machines, options);
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
      const call = incoming.path.startsWith('/sdk') ? readCall(incoming.body.toString()) : undefined;
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
    if (refused) return refused;
    const answer = call ? await this.#soap(incoming, call, session) : await this.#http(incoming, session);
    if (call?.operation === 'Logout' && answer.status === 200 && session) session.state = 'closed';
    const text = String(answer.body);
    // Bytes of disks are not searched for addresses.
    const isText = !Buffer.isBuffer(answer.body) || text.startsWith('<?xml') || text.startsWith('{');
    // A standalone host says `*` where it means itself.
    return isText
      ? { ...answer, body: text.replaceAll(this.#upstream.origin, this.origin).replaceAll('http://*/', 'https://*/') }
      : answer;
  }

  async #soap(incoming: Incoming, call: SoapCall, session: SessionRecord | undefined): Promise<Answer> {
    const forward = () => this.#upstream.forward(incoming);
    if (call.operation === 'Login') return this.sessions.refuse(call) ?? this.sessions.settle(call, await forward());
    if (call.operation === 'RetrieveServiceContent') return forward();
    if (!session) return notAuthenticated();
    if (call.operation === 'WaitForUpdatesEx') return this.#wait(incoming, call, session);
    const areas =
      call.operation === 'QueryChangedDiskAreas' ? queryChangedDiskAreas(call, this.machines, this.#options) : undefined;
    const own =
      areas ??
      (await this.machines.handle(call, forward)) ??
      (await this.leases.handle(call, forward, incoming.headers['cookie'] ?? ''));
    return own ?? this.#rewritten(await forward());
  }

  async #wait(incoming: Incoming, call: SoapCall, session: SessionRecord): Promise<Answer> {
    const asked = this.#versions.ask(session.id, call);
    if ('status' in asked) return this.#rewritten(asked);
    const answer = await this.#upstream.forward({ ...incoming, body: Buffer.from(asked.text) });
    // The session may have expired while the call was waiting.
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
      if (!session && !this.#basic(incoming))
        return { status: 401, headers: { 'www-authenticate': 'Basic realm="VMware HTTP server"' }, body: '' };
      return (await serveFile(incoming, this.machines, this.#options)) ?? this.#upstream.forward(incoming);
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

function ledger(stand: StandIn): Ledger {
  return {
    get sessions() {
      return stand.sessions.all;
    },
    get openSessions() {
      return stand.sessions.open;
    },
    get leases() {
      return stand.leases.all;
    },
    get openLeases() {
      return stand.leases.all.filter((lease) => lease.state === 'ready');
    },
    get snapshots() {
      return stand.machines.snapshots;
    },
    get openSnapshots() {
      return stand.machines.snapshots.filter((snapshot) => snapshot.state === 'present');
    },
    get struck() {
      return stand.faults.struck;
    },
    get requests() {
      return stand.requests;
    },
    get logins() {
      return stand.sessions.logins;
    },
  };
}

async function received(request: IncomingMessage, signal: AbortSignal): Promise<Incoming> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join('; ') : (value ?? '');
  return { method: request.method ?? 'GET', path: request.url ?? '/', headers, body: await buffer(request), signal };
}
