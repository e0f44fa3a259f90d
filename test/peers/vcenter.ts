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
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from './certificate.ts';
import type { Dice, FaultRule } from './vcenter/faults.ts';
import type { GuestOptions, SimulatedGuest } from './vcenter/guest.ts';
import { type Ledger, ledgerOf } from './vcenter/ledger.ts';
import { type ServerRules, StandIn } from './vcenter/stand-in.ts';
import { Upstream } from './vcenter/upstream.ts';
import { govc, type ServerAddress, startVcsim, type VcsimOptions } from './vcsim.ts';

/** What the simulator holds, and how the server before it behaves. */
export interface VcenterOptions extends VcsimOptions, ServerRules {}

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
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await vcsim[Symbol.asyncDispose]();
    },
  };
}
