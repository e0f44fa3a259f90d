import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../../providers/vsphere/address.ts';
import { VsphereConnection } from '../../../providers/vsphere/connection.ts';
import { Http } from '../../../providers/vsphere/http.ts';
import { Session } from '../../../providers/vsphere/session.ts';
import type { Clock } from '../../../src/contracts/clock.ts';
import type { SourceVm } from '../../../src/model/vm.ts';
import { startVcenter, type Vcenter } from '../../peers/vcenter.ts';
import { live, optionsFor, sourceOf } from './simulator.ts';

const NAME = 'DC0_H0_VM0';
const MINUTES = 60_000;

/** Nobody really waits; what a test wants to happen meanwhile happens. */
class Hourglass implements Clock {
  time = Date.now();
  pauses = 0;
  meanwhile: () => Promise<void> = async () => undefined;

  now(): number {
    return this.time;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    this.pauses += 1;
    await this.meanwhile();
  }
}

/** A watched inventory, told set by set. */
class Watcher implements AsyncDisposable {
  readonly clock = new Hourglass();
  readonly told: string[] = [];
  readonly vms = new Map<string, SourceVm>();
  readonly #connection: VsphereConnection;
  readonly #stop = new AbortController();
  readonly #events: AsyncIterator<unknown>;

  private constructor(connection: VsphereConnection, clock: Hourglass) {
    this.#connection = connection;
    this.clock = clock;
    this.#events = connection.watch(this.#stop.signal)[Symbol.asyncIterator]();
  }

  static async open(server: Vcenter): Promise<Watcher> {
    const clock = new Hourglass();
    const address = parseAddress(sourceOf(server));
    const http = new Http(address, optionsFor(server).trust);
    const credentials = async () => ({ user: server.username, password: server.password });
    const session = await Session.open({ http, credentials, now: () => clock.now() }, live());
    return new Watcher(new VsphereConnection({ address, http, session, credentials, clock }), clock);
  }

  /** Up to the next `current`: names of the VMs that were told, and ids of those that are gone. */
  async set(): Promise<readonly string[]> {
    const told: string[] = [];
    for (;;) {
      const { value: event } = await this.#events.next();
      if (event.kind === 'current') return told.sort();
      if (event.kind === 'gone') {
        told.push(`gone ${this.vms.get(event.id)?.name}`);
        this.vms.delete(event.id);
      } else {
        told.push(event.vm.name);
        this.vms.set(event.vm.ref.id, event.vm);
      }
    }
  }

  /** Sets up to the first in which something is told. */
  async news(): Promise<readonly string[]> {
    for (;;) {
      const told = await this.set();
      if (told.length > 0) return told;
    }
  }

  vm(name: string): SourceVm {
    const found = [...this.vms.values()].find((vm) => vm.name === name);
    assert.ok(found);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#events.return?.();
    await this.#connection[Symbol.asyncDispose]();
  }
}

test('a watched inventory stays right whatever happens to the server', async (t) => {
  const server = await startVcenter({ vms: 3, clusters: 0, model: { folder: 0 }, mostUpdates: 2 });
  t.after(async () => await server[Symbol.asyncDispose]());
  const power = async (how: 'on' | 'off', ...names: readonly string[]) => {
    await server.govc(['vm.power', `-${how}`, ...names.map((name) => `/DC0/vm/${name}`)]);
  };
  const all = ['DC0_H0_VM0', 'DC0_H0_VM1', 'DC0_H0_VM2'];

  await t.test('sets that the server cuts are put together', async () => {
    await using watcher = await Watcher.open(server);
    assert.deepEqual(await watcher.set(), all);
    await power('off', ...all);
    const told = new Set<string>();
    while (told.size < all.length) for (const name of await watcher.set()) told.add(name);
    assert.deepEqual(
      [...watcher.vms.values()].map((vm) => vm.power),
      ['off', 'off', 'off'],
    );
    await power('on', ...all);
  });

  await t.test('a version that the server no longer knows leads to a comparison, and only differences are told', async () => {
    await using watcher = await Watcher.open(server);
    await watcher.set();
    watcher.clock.meanwhile = async () => {
      watcher.clock.meanwhile = async () => undefined;
      await power('off', NAME);
    };
    const fault = { kind: 'soap', type: 'InvalidCollectorVersion', message: 'The version is not valid.' } as const;
    server.script({ match: ({ operation }) => operation === 'WaitForUpdatesEx', fault });
    assert.deepEqual(await watcher.news(), [NAME]);
    assert.equal(watcher.vm(NAME).power, 'off');
    assert.equal(watcher.clock.pauses, 1);
    server.clearFaults();
    await power('on', NAME);
    assert.deepEqual(await watcher.news(), [NAME]);
  });

  await t.test('a session that ends in the middle of a wait costs nothing but a comparison', async () => {
    await using watcher = await Watcher.open(server);
    await watcher.set();
    const next = watcher.news();
    await waiting(server);
    await server.expireSessions();
    await power('off', NAME);
    assert.deepEqual(await next, [NAME]);
    await power('on', NAME);
    assert.deepEqual(await watcher.news(), [NAME]);
  });

  await t.test('a service that restarts is waited for', async () => {
    await using watcher = await Watcher.open(server);
    await watcher.set();
    const next = watcher.news();
    await waiting(server);
    watcher.clock.meanwhile = async () => {
      if (watcher.clock.pauses !== 3) return;
      server.clearFaults();
      await power('off', NAME);
    };
    await server.restart(Number.POSITIVE_INFINITY);
    assert.deepEqual(await next, [NAME]);
    assert.equal(watcher.clock.pauses, 3);
    await power('on', NAME);
    assert.deepEqual(await watcher.news(), [NAME]);
  });

  await t.test('a server that ends session after session is left alone for a while, and watched again', async () => {
    await using watcher = await Watcher.open(server);
    await watcher.set();
    server.script({ match: ({ operation }) => operation === 'CreateContainerView', times: 20, fault: { kind: 'expire' } });
    const next = watcher.news();
    await waiting(server);
    await server.expireSessions();
    await power('off', NAME);
    assert.deepEqual(await next, [NAME]);
    assert.ok(watcher.clock.time - Date.now() > 4 * MINUTES);
    server.clearFaults();
    await power('on', NAME);
  });

  await t.test('what the server tells nobody is asked for: tags, policies, attributes, names around', async () => {
    await using watcher = await Watcher.open(server);
    await watcher.set();
    await server.govc(['tags.category.create', 'Stage']);
    await server.govc(['tags.create', '-c', 'Stage', 'prod']);
    await server.govc(['tags.attach', '-c', 'Stage', 'prod', '/DC0/vm/DC0_H0_VM1']);
    server.assignPolicy(watcher.vm('DC0_H0_VM2').ref.id, 'aa6d5a82-1c88-45da-85d3-3d74b91a5bad');
    watcher.clock.time += 6 * MINUTES;
    await power('off', NAME);
    assert.deepEqual(await watcher.news(), [NAME]);
    assert.deepEqual(await watcher.news(), ['DC0_H0_VM1', 'DC0_H0_VM2']);
    assert.deepEqual(watcher.vm('DC0_H0_VM1').tags, [{ name: 'prod', category: 'Stage' }]);
    assert.equal(watcher.vm('DC0_H0_VM2').placement?.storagePolicy, 'vSAN Default Storage Policy');

    server.spoilPolicies('away');
    watcher.clock.time += 6 * MINUTES;
    await server.govc(['vm.power', '-off', '/DC0/vm/DC0_H0_VM2']);
    assert.deepEqual(await watcher.news(), ['DC0_H0_VM2']);
    assert.equal(watcher.vm('DC0_H0_VM2').placement?.storagePolicy, 'vSAN Default Storage Policy');
    server.spoilPolicies(undefined);
    await server.govc(['vm.power', '-on', '/DC0/vm/DC0_H0_VM2']);
    assert.deepEqual(await watcher.news(), ['DC0_H0_VM2']);

    await server.govc(['object.rename', '/DC0/network/DC0_DVPG0', 'renamed']);
    watcher.clock.time += 6 * MINUTES;
    await power('on', NAME);
    const told = new Set<string>();
    while (told.size < all.length) for (const name of await watcher.news()) told.add(name);
    assert.equal(watcher.vm('DC0_H0_VM1').nics[0]?.network?.name, 'renamed');
  });

  await t.test('a VM that moves to a new folder is told with its name at once', async () => {
    await using watcher = await Watcher.open(server);
    await watcher.set();
    await server.govc(['folder.create', '/DC0/vm/New']);
    await server.govc(['object.mv', `/DC0/vm/${NAME}`, '/DC0/vm/New']);
    assert.deepEqual(await watcher.news(), [NAME]);
    assert.equal(watcher.vm(NAME).placement?.folder, 'New');
  });

  assert.deepEqual(server.ledger.openSessions, []);
});

/** The watcher's last question is on its way. */
async function waiting(server: Vcenter): Promise<void> {
  const asked = () => server.ledger.requests.at(-1) === 'WaitForUpdatesEx';
  while (!asked()) await new Promise((resolve) => setImmediate(resolve));
}
