/**
 * A vCenter for tests: vcsim, and in front of it over TLS what vcsim lacks, each in a file of its own under `vcenter/`.
 * Added: disks with bytes that a guest keeps writing, delta files, change tracking and QueryChangedDiskAreas, flat files with Range and locks,
 * storage policies of VMs and disks, ExportVm and leases that end, failed consolidation, guest shutdown as it is, slow and failing tasks,
 * versions of update streams, sessions that expire, locked accounts, missing privileges, restarts, real prefixes in XML, and faults on the
 * wire to order.
 * Proves: that our client and data path do the right thing when a server behaves as documented and as reported, down to the bytes, and that
 * they survive bad weather with no session, lease or snapshot left behind (the ledgers tell).
 * Does not prove: what a real server answers where documents and reports are silent; VDDK, NFC on port 902, quiescing inside a guest, vSAN and
 * vVol, storage that is slow or full, speed. Simulated truth is no witness for itself: the bytes are compared with the guest's own disk.
 * A WaitForUpdatesEx that has to tell the end of a slow task answers when the task ends, even if that is past its `maxWaitSeconds`.
 *
 * A ground for warm migrations, one process for as many VMs and runs as wanted:
 *
 *     await using vcenter = await startVcenter({ model: { datastore: 2 }, guests: { web: { disks: [8 * MiB, 2 * MiB], seed: 7, writeEvery: 3 } } });
 *     const web = vcenter.guestOf('web');          // web.vm is its id; later: await vcenter.guest('run-8', {...}), await vcenter.drop(web)
 *     web.tick(10);                                // it writes, only while it is on; also before every third request (`writeEvery`)
 *     await vcenter.trouble('storage-vmotion', web);  // or vcenter.others.grow(web, 0, MiB), vcenter.plague({ seed, kinds })
 *     await vcenter.outage(3); await vcenter.kill(); await vcenter.revive();
 *     web.truth()?.digest(key);                    // what a migrated VM has to hold: the disks while the power is off, or when it last was
 *     vcenter.ledger.chronicle.together(web.vm, 'target');  // what happened in which order; a test notes its targets' power in it
 *
 * Change ids are born with snapshots only, and a VM that is off keeps its id when it is powered on again and writes: an id that was read
 * without a snapshot is no point to count from. Where servers are known to differ (tracking over a Storage vMotion) both ways can be had; a
 * revert and a grown disk begin the count anew, which is a guess on the side that is easier to find out.
 */
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { selfSigned } from './certificate.ts';
import type { Dice, FaultRule } from './vcenter/faults.ts';
import type { GuestOptions, SimulatedGuest } from './vcenter/guest.ts';
import { cloneMachine, machineIds } from './vcenter/hardware.ts';
import { type Ledger, ledgerOf } from './vcenter/ledger.ts';
import type { Others } from './vcenter/others.ts';
import { type ServerRules, StandIn } from './vcenter/stand-in.ts';
import type { Plague, Trouble } from './vcenter/troubles.ts';
import { Upstream } from './vcenter/upstream.ts';
import type { Refusal } from './vcenter/works.ts';
import { govc, type ServerAddress, startVcsim, type VcsimOptions } from './vcsim.ts';

/** What the simulator holds, and how the server before it behaves. */
export interface VcenterOptions extends VcsimOptions, ServerRules {
  /** Guests by the name of their VM, which is made where the simulator has none of that name. */
  readonly guests?: Readonly<Record<string, GuestOptions>>;
}

export interface Vcenter extends ServerAddress, AsyncDisposable {
  /** Runs govc against this server, through the stand-in. @throws Error with what govc said */
  govc(args: readonly string[], signal?: AbortSignal): Promise<string>;
  /** Gives the VM of that name (or inventory path) disks with bytes and a guest that writes. Where there is none, it is made, and powered on. */
  guest(vm: string, options?: GuestOptions): Promise<SimulatedGuest>;
  /** The guest in the VM of that name. @throws RangeError where there is none */
  guestOf(vm: string): SimulatedGuest;
  /** Destroys the VM: a run is over. */
  drop(guest: SimulatedGuest): Promise<void>;
  /** What other people, programs and the infrastructure do to a VM. */
  readonly others: Others;
  /** Lets something happen to a VM; false where it cannot at the moment. */
  trouble(kind: Trouble, guest: SimulatedGuest): Promise<boolean>;
  /** Random troubles from now on, as requests come in; none any longer when nothing is given. */
  plague(plague?: Plague): void;
  /** The next tasks of a kind on this VM end with an error. @param vm managed object id */
  refuse(vm: string, refusal: Refusal): void;
  /** The service dies and refuses so many connections before it is back. Sessions, leases and versions are gone; VMs do not notice. */
  outage(connections: number): Promise<void>;
  /** The service dies, and its port is closed until `revive`. */
  kill(): Promise<void>;
  revive(): Promise<void>;
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
  /** Takes a privilege from everybody, on one object or on all. */
  denyPrivilege(privilege: string, object?: string): void;
  /** The next removal of a snapshot of this VM leaves its files unmerged and `consolidationNeeded` set. @param vm managed object id */
  failConsolidation(vm: string): void;
  /** The next export of this VM gets a lease that fails while it is being prepared. @param vm managed object id */
  failExport(vm: string): void;
  /** Gives a VM (`vm-42`) or a disk (`vm-42:2000`) a storage policy of the simulator, by its id. */
  assignPolicy(object: string, policy: string): void;
  /** The policy service refuses this account, or does not answer; undefined for fair weather. */
  spoilPolicies(trouble: 'forbidden' | 'away' | undefined): void;
  readonly ledger: Ledger;
}

/** Starts it on loopback with a certificate of its own; disposing of it ends the simulator too. */
export async function startVcenter(options: VcenterOptions = {}): Promise<Vcenter> {
  const vcsim = await startVcsim({ ...options, tls: false });
  const tls = options.tls || selfSigned();
  const upstream = new Upstream(vcsim);
  const stand = new StandIn(upstream, { ...options, thumbprint: tls.thumbprint.sha1 });
  const server = createServer(
    { key: tls.key, cert: tls.certificate },
    (request, response) => void stand.serve(request, response),
  );
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    if (stand.refusing <= 0) return;
    stand.refusing -= 1;
    socket.destroy();
  });
  stand.hangUp = () => server.closeAllConnections();
  const listen = (at: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  stand.origin = `https://127.0.0.1:${port}`;
  const { username, password } = vcsim;
  const { certificate, thumbprint } = tls;
  const address = { url: `${stand.origin}/sdk`, host: '127.0.0.1', port, username, password, certificate, thumbprint };
  const stopListening = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  const vcenter: Vcenter = {
    ...address,
    govc: (args, signal) => govc(address, args, signal),
    guest: (vm, guest = {}) => populate(stand, upstream, vm.replace(/^.*\//, ''), guest),
    guestOf: (vm) => {
      for (const guest of stand.machines.guests.values()) if (guest.name === vm) return guest;
      throw new RangeError(`there is no guest ${vm}`);
    },
    drop: (guest) => stand.others.destroy(guest),
    others: stand.others,
    trouble: (kind, guest) => stand.troubles.strike(kind, guest),
    plague: (plague) => stand.troubles.plague(plague),
    refuse: (vm, refusal) => stand.machines.refuse(vm, refusal),
    outage: (connections) => stand.outage(connections),
    kill: async () => {
      await stand.outage(0);
      await stopListening();
    },
    revive: () => listen(port),
    script: (rule) => stand.faults.add(rule),
    roll: (dice) => stand.faults.roll(dice),
    clearFaults: () => stand.faults.clear(),
    expireSessions: () => stand.expire(stand.sessions.open),
    restart: (refused = 0) => stand.restart(refused),
    lockAccount: (name) => stand.sessions.lock(name),
    unlockAccount: (name) => stand.sessions.unlock(name),
    denyPrivilege: (privilege, object) =>
      void stand.sessions.denied.add(object === undefined ? privilege : `${privilege} ${object}`),
    failConsolidation: (vm) => stand.machines.failConsolidation(vm),
    assignPolicy: (object, policy) => void stand.policies.assigned.set(object, policy),
    spoilPolicies: (trouble) => {
      stand.policies.trouble = trouble;
    },
    failExport: (vm) => stand.leases.failNext(vm),
    ledger: ledgerOf(stand),
    [Symbol.asyncDispose]: async () => {
      stand.stop();
      upstream.stop();
      if (server.listening) await stopListening();
      await vcsim[Symbol.asyncDispose]();
    },
  };
  try {
    for (const [vm, guest] of Object.entries(options.guests ?? {})) await vcenter.guest(vm, guest);
    return vcenter;
  } catch (error) {
    await vcenter[Symbol.asyncDispose]();
    throw error;
  }
}

async function populate(stand: StandIn, upstream: Upstream, name: string, options: GuestOptions): Promise<SimulatedGuest> {
  const ids = await machineIds(upstream);
  const there = ids.get(name);
  if (there !== undefined) return stand.machines.attach(there, { ...options, name });
  // One of a cluster can be moved to other hosts.
  const from = [...ids].find(([model]) => model.startsWith('DC0_C0_'))?.[1] ?? [...ids.values()][0];
  if (from === undefined) throw new Error('the simulator has no VM to make another one of');
  return stand.machines.attach(await cloneMachine(upstream, from, name), { ...options, name });
}
