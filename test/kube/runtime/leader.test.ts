/** Leaders and events, which share a control plane because starting one takes seconds. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import type { KubeClient, KubeObject } from '../../../src/kube/client/kube-client.ts';
import { EventRecorder } from '../../../src/kube/runtime/events.ts';
import { leadWhenElected } from '../../../src/kube/runtime/leader.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { type ControlPlane, startControlPlane } from '../../peers/control-plane.ts';
import { callApi } from '../../peers/kubernetes-api.ts';
import { CONFIG_MAP, configMap, open, withFile } from '../cluster.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/default/leases/contest';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ own: true });
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

interface Contender {
  readonly identity: string;
  readonly child: ChildProcess;
  /** Resolves at the instant when it said so. */
  readonly leading: Promise<number>;
}

function contend(kubeconfig: string, identity: string): Contender {
  const script = path.join(import.meta.dirname, 'contender.ts');
  const child = spawn(process.execPath, [script, kubeconfig, identity], { stdio: ['ignore', 'pipe', 'inherit'] });
  const leading = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => line === 'leading' && resolve(performance.now()));
  });
  return { identity, child, leading };
}

async function first(contenders: readonly Contender[]): Promise<Contender> {
  return await Promise.race(contenders.map((one) => one.leading.then(() => one)));
}

async function holder(): Promise<string> {
  const { body } = await callApi(plane.api, 'GET', LEASE);
  return (body as { readonly spec: { readonly holderIdentity: string } }).spec.holderIdentity;
}

test('of three processes one leads; when it is killed another waits its time and leads; when that one stops the third leads at once', async () => {
  await withFile(plane.kubeconfig(), async (kubeconfig) => {
    const three = ['one', 'two', 'three'].map((identity) => contend(kubeconfig, identity));
    try {
      const leader = await first(three);
      assert.equal(await holder(), leader.identity);

      const killed = performance.now();
      leader.child.kill('SIGKILL');
      const two = three.filter((one) => one !== leader);
      const next = await first(two);
      const waited = (await next.leading) - killed;
      // Good for three seconds from its last renewal, which was 0.2 s ago at most, or a little more on a busy machine.
      assert.ok(waited > 2000, `took over after ${waited} ms`);
      assert.equal(await holder(), next.identity);

      const stopped = performance.now();
      next.child.kill('SIGTERM');
      const last = await first(two.filter((one) => one !== next));
      const handed = (await last.leading) - stopped;
      assert.ok(handed < 2500, `handed over after ${handed} ms`);
      assert.equal(await holder(), last.identity);

      const exit = once(last.child, 'exit');
      last.child.kill('SIGTERM');
      assert.deepEqual(await exit, [0, null]);
      assert.equal(await holder(), '');
    } finally {
      for (const { child } of three) child.kill('SIGKILL');
    }
  });
});

/** One Lease in memory, with the server's rule that only the state that was read can be changed. */
class LeaseHolder {
  lease: KubeObject | undefined;
  /** What calls wait for before they answer. */
  delay: (signal: AbortSignal) => Promise<void> = async () => undefined;
  #version = 0;

  readonly client = {
    get: async (_type: unknown, _ref: unknown, { signal }: { readonly signal: AbortSignal }) => {
      await this.delay(signal);
      return this.lease;
    },
    create: async (_type: unknown, object: KubeObject) => this.write(object['spec']),
    patch: async (_type: unknown, _ref: unknown, patch: unknown) => {
      const { metadata, spec } = patch as KubeObject;
      if (metadata.resourceVersion !== this.lease?.metadata.resourceVersion)
        throw new MigrationError('cluster-conflict', 'changed');
      return this.write({ ...(this.lease?.['spec'] as object), ...(spec as object) });
    },
  } as unknown as KubeClient;

  write(spec: unknown): KubeObject {
    this.#version += 1;
    this.lease = { metadata: { namespace: 'ns', name: 'l', resourceVersion: String(this.#version) }, spec };
    return this.lease;
  }
}

const TIMING = { duration: 15_000, renewWithin: 10_000, every: 2000 };

/** Runs for the Lease and keeps what happens, with the time of it. */
function run(holds: LeaseHolder, clock: VirtualClock, identity: string, signal: AbortSignal) {
  const seen: string[] = [];
  const options = { client: holds.client, lease: { namespace: 'ns', name: 'l' }, identity, clock, timing: TIMING };
  const lead = async (leading: AbortSignal): Promise<void> => {
    seen.push(`leads at ${clock.now()}`);
    await new Promise((resolve) => leading.addEventListener('abort', resolve));
    seen.push(`ends at ${clock.now()}`);
  };
  const outcome = leadWhenElected(options, lead, signal).then((how) => seen.push(how));
  return { seen, outcome };
}

test('a leader that cannot renew stops before anybody else may begin', async () => {
  const holds = new LeaseHolder();
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const { seen } = run(holds, clock, 'one', signal);
  await clock.pass(5000);
  // Its last renewal was at 4000. From here on nothing comes back.
  holds.delay = (asked) => new Promise((_resolve, reject) => asked.addEventListener('abort', () => reject(asked.reason)));
  await clock.pass(60_000);
  assert.deepEqual(seen, ['leads at 0', 'ends at 14000', 'lost']);
  holds.delay = async () => undefined;
  const other = run(holds, clock, 'two', signal);
  await clock.pass(60_000);
  // Seen for the first time at 65000, and looked at every two seconds.
  assert.deepEqual(other.seen, ['leads at 81000']);
});

test('a leader that was frozen finds that its time is over before it writes anything', async () => {
  const holds = new LeaseHolder();
  const clock = new VirtualClock();
  const { seen } = run(holds, clock, 'one', new AbortController().signal);
  await clock.pass(1000);
  const before = holds.lease;
  // All timers of a frozen process fire late.
  const frozen = clock.now;
  clock.now = () => frozen.call(clock) + 30_000;
  await clock.pass(2000);
  assert.deepEqual(
    seen.slice(1).map((line) => line.split(' ')[0]),
    ['ends', 'lost'],
  );
  assert.equal(holds.lease, before);
});

test('a holder that renews is never taken from, whatever its clock says', async () => {
  const holds = new LeaseHolder();
  const clock = new VirtualClock();
  const stop = new AbortController();
  const renew = (): void => {
    const spec = { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' };
    holds.write(spec);
  };
  renew();
  const { seen, outcome } = run(holds, clock, 'one', stop.signal);
  for (let round = 0; round < 10; round += 1) {
    await clock.pass(10_000);
    renew();
  }
  assert.deepEqual(seen, []);
  await clock.pass(18_000);
  assert.equal(seen.length, 1);
  stop.abort();
  await settle();
  await outcome;
  assert.equal(seen.at(-1), 'stopped');
  assert.partialDeepStrictEqual(holds.lease, { spec: { holderIdentity: '' } });
});

test('an event that repeats is one with a count', async () => {
  const clock = new VirtualClock(Date.now());
  const { signal } = new AbortController();
  using cluster = await open(plane.kubeconfig());
  const troubles: unknown[] = [];
  const events = new EventRecorder({
    client: cluster.client,
    clock,
    random: Math.random,
    controller: 'kubeferry.dev/test',
    instance: 'test-1',
    onTrouble: (error) => troubles.push(error),
  });
  const about = await cluster.client.create(CONFIG_MAP, configMap('told'), { signal });
  const failed = { type: 'Warning', reason: 'CopyFailed', action: 'CopyDisks', note: `${'ä'.repeat(600)}` } as const;
  for (let index = 0; index < 5; index += 1) events.tell(about, failed, signal);
  events.tell(about, { ...failed, reason: 'Other' }, signal);
  await events.flush(signal);
  assert.deepEqual(troubles, []);
  const path = '/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name%3Dtold';
  const { body } = await callApi(plane.api, 'GET', path);
  const { items } = body as { readonly items: readonly Record<string, unknown>[] };
  assert.deepEqual(
    items.map(({ reason, series }) => [reason, (series as { readonly count: number } | undefined)?.count]).toSorted(),
    [
      ['CopyFailed', 5],
      ['Other', undefined],
    ],
  );
  // Six minutes of quiet end a series.
  await clock.pass(400_000);
  events.tell(about, failed, signal);
  await events.flush(signal);
  const again = await callApi(plane.api, 'GET', path);
  assert.equal((again.body as { readonly items: readonly unknown[] }).items.length, 3);
});

test('an event about something that is nowhere is a trouble of nobody but the recorder', async () => {
  const { signal } = new AbortController();
  using cluster = await open(plane.kubeconfig());
  const troubles: unknown[] = [];
  const events = new EventRecorder({
    client: cluster.client,
    clock: new VirtualClock(),
    random: () => 0,
    controller: 'kubeferry.dev/test',
    instance: 'test-1',
    onTrouble: (error) => troubles.push(error),
  });
  const text = { type: 'Normal', reason: 'Begun', action: 'Begin', note: '' } as const;
  events.tell({ metadata: { name: 'x', namespace: 'nowhere' } }, text, signal);
  await events.flush(signal);
  assert.equal(troubles.length, 1);
});
