/**
 * Warm plans on a real control plane: VMs of a simulated vCenter whose guests write all the time are copied by workers, wait without a place, are cut
 * over by schedule and by word, and are committed, taken back or given back to their source. The truth is what a guest's disks held when its power went.
 */
import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { watchApi } from '../peers/kubernetes-api.ts';
import type { Pod } from '../peers/kubernetes-objects.ts';
import type { SimulatedGuest } from '../peers/vcenter/guest.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { Ground, type Operator, type Thing } from './cluster/ground.ts';
import { Witness } from './cluster/witness.ts';

const MiB = 1024 * 1024;
const SLOW = 'kubeferry.example/slow-deltas:1';
const BROKEN = 'kubeferry.example/broken-final:1';
const ORDER = '/kubeferry/order/order.json';
/** A worker that takes two seconds more for what changed. */
const SLOW_DELTAS = `grep -q '"staysOpen":true' ${ORDER} && grep -q '"delta"' ${ORDER} && sleep 2; exec "$0" "$@"`;
/** One that cannot bring the last of the VM `bad`, once it is called. */
const NO_FINAL = `grep -q '"stand-by"' ${ORDER} && echo '{}'; while grep -q '"stand-by"' ${ORDER}; do sleep 0.2; done; grep -q '"vm":"bad"' ${ORDER} && grep -q '"delta"' ${ORDER} && ! grep -q '"staysOpen"' ${ORDER} && exit 2; exec "$0" "$@"`;

let ground: Ground;
let vcenter: Vcenter;
before(async () => {
  const bin = path.resolve(import.meta.dirname, '../../src/cli/bin.js');
  const image = (script: string) => ['sh', '-c', script, process.execPath, bin];
  [ground, vcenter] = await Promise.all([
    Ground.start({ images: { [SLOW]: image(SLOW_DELTAS), [BROKEN]: image(NO_FINAL) } }),
    startVcenter({ vms: 1, clusters: 0 }),
  ]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await vcenter?.[Symbol.asyncDispose]();
});

interface Stage {
  readonly namespace: string;
  readonly guests: Readonly<Record<string, SimulatedGuest>>;
}

async function furnish(name: string, guests: Readonly<Record<string, readonly number[]>>): Promise<Stage> {
  const namespace = ground.name(name);
  await ground.namespace(namespace, {});
  const { username: user, password, thumbprint } = vcenter;
  await ground.secret(namespace, 'vcenter', { user, password, thumbprint: thumbprint.sha256 });
  const url = `vsphere://${vcenter.host}:${vcenter.port}`;
  await ground.make(namespace, 'providers', 'source', { type: 'vsphere', url, secretRef: { name: 'vcenter' } });
  const made: Record<string, SimulatedGuest> = {};
  for (const [vm, disks] of Object.entries(guests))
    made[vm] = await vcenter.guest(vm, { disks, seed: disks.length, writeEvery: 5 });
  return { namespace, guests: made };
}

function planOf(names: readonly string[], more: object = {}, volumeMode = 'Filesystem'): object {
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode, accessMode: 'ReadWriteOnce' };
  return {
    providerRef: { name: 'source' },
    selection: { names },
    type: 'warm',
    networkMap: { entries: [{ source: { name: '*' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    shutdown: { graceSeconds: 20, otherwise: 'force' },
    ...more,
  };
}

interface Status {
  readonly phase?: string;
  readonly warm?: { readonly passes: readonly { readonly number: number }[]; readonly held?: object };
  readonly outlook?: { readonly next: string; readonly at?: string; readonly cutoverAt?: string };
  readonly failure?: { readonly code: string; readonly source?: string };
  readonly history?: readonly { readonly phase: string; readonly endedAt: string }[];
  readonly downtime?: { readonly text: string; readonly seconds?: number };
}

async function vmOf(namespace: string, name: string): Promise<{ readonly thing: Thing | undefined; readonly status: Status }> {
  const all = await ground.migrations(namespace);
  const thing = all.find(({ spec }) => (spec?.['vm'] as { readonly name: string } | undefined)?.name === name);
  return { thing, status: (thing?.status ?? {}) as Status };
}

async function reaches(namespace: string, names: readonly string[], holds: (status: Status) => boolean, operator: Operator) {
  for (const name of names) {
    const there = async () => {
      const { status } = await vmOf(namespace, name);
      assert.ok(status.phase !== 'Failed' || holds(status), JSON.stringify(status.failure));
      return holds(status);
    };
    await ground.until(there, { namespace, operator });
  }
}

const waits = ({ phase, outlook, warm }: Status): boolean =>
  phase === 'AwaitPrecopy' && outlook !== undefined && (warm?.passes.length ?? 0) >= 2;

async function switchVm(namespace: string, name: string, spec: object): Promise<void> {
  const { thing } = await vmOf(namespace, name);
  await ground.change(namespace, 'vmmigrations', thing?.metadata.name ?? '', spec);
}

/** The claims of a VM hold what its disks held when its power went. */
async function isTrue(namespace: string, guest: SimulatedGuest): Promise<void> {
  const { status } = await vmOf(namespace, guest.name);
  const disks = (status as { readonly disks?: readonly { readonly claim: string; readonly disk: string }[] }).disks ?? [];
  const rest = guest.rests.at(-1);
  assert.ok(rest, `${guest.name} was never off`);
  assert.equal(disks.length, rest.keys.length);
  for (const [index, { claim }] of disks.entries()) {
    const expected = rest.content(rest.keys[index] ?? 0) ?? Buffer.alloc(0);
    const volume = await ground.kubelet.volumePath(namespace, claim);
    assert.ok((await contentOf(volume, expected.length)).equals(expected), `${guest.name}, disk ${index}`);
  }
}

async function contentOf(volume: string, size: number): Promise<Buffer> {
  const file = await readFile(path.join(volume, 'disk.img')).catch(() => undefined);
  if (file !== undefined) return file;
  await using device = await open(volume);
  const bytes = Buffer.alloc(size);
  await device.read(bytes, 0, size, 0);
  return bytes;
}

/** Notes in the chronicle of the sources, under the name of the namespace, each Pod that runs and waits for its order. */
async function noteStandBys(namespace: string, signal: AbortSignal): Promise<void> {
  const known = new Set<string>();
  for await (const { object } of watchApi<Pod>(ground.plane.api, `/api/v1/namespaces/${namespace}/pods`, signal)) {
    const { name, labels } = object.metadata;
    if (!known.has(name) && labels?.['kubeferry.dev/stands-by'] !== undefined && object.status?.phase === 'Running')
      vcenter.ledger.chronicle.note(namespace, known.add(name) && `${name} stands by`, 'test');
  }
}

/** Instants in milliseconds at which bytes of disks were asked for while a VM was off: of each disk once by the operator, then by the worker. */
function readingsWhileOff(guest: SimulatedGuest): readonly number[] {
  const readings: number[] = [];
  const match = ({ method, path: asked }: { readonly method: string; readonly path: string }): boolean => {
    if (!guest.on && method === 'GET' && asked.startsWith('/folder/')) readings.push(Date.now());
    return false;
  };
  vcenter.script({ match, fault: { kind: 'slow', ms: 0 } });
  return readings;
}

function noSnapshots(guest: SimulatedGuest): void {
  assert.deepEqual(
    vcenter.ledger.openSnapshots.filter(({ vm }) => vm === guest.vm),
    [],
  );
}

// Each is in a namespace of its own, and waits most of its time.
describe('a warm plan in a cluster', { concurrency: 2 }, () => {
  test('VMs that wait hold no place, outlive their operator, are cut over by schedule and by word, committed and taken back', async (t) => {
    const { namespace, guests } = await furnish('warm', { web: [4 * MiB, 2 * MiB], db: [3 * MiB] });
    const { web, db } = guests;
    assert.ok(web && db);
    const stop = new AbortController();
    t.after(() => stop.abort());
    const noted = noteStandBys(namespace, stop.signal);
    const readings = readingsWhileOff(web);
    const commit = { mode: 'manual' };
    await ground.make(namespace, 'migrationplans', 'first', planOf(['web', 'db'], { commit, limits: { vms: 1 } }));
    await using killed = ground.operate(namespace);
    await reaches(namespace, ['web', 'db'], waits, killed);
    const parked = await vmOf(namespace, 'web');
    assert.equal(parked.status.warm?.held, undefined);
    assert.match(parked.status.downtime?.text ?? '', /^\d+ (s|min), up to \d+ (s|min)$/);
    assert.deepEqual(await ground.jobs(namespace), []);
    await killed.kill();
    await ground.forgetLeader(namespace);

    await using operator = ground.operate(namespace);
    await ground.change(namespace, 'migrationplans', 'first', {
      schedule: { cutover: { mode: 'at', at: new Date(Date.now() + 4000).toISOString() } },
    });
    await reaches(namespace, ['web'], ({ phase }) => phase === 'AwaitCommit', operator);
    // Both workers of the last pass ran before the source was shut down.
    const told = vcenter.ledger.chronicle.all;
    const off = told.find(({ machine, what }) => machine === web.vm && what === 'off')?.order ?? 0;
    const standBys = told.filter(({ machine, what }) => machine === namespace && what.includes('-web-'));
    assert.equal(standBys.length, 2, vcenter.ledger.chronicle.toString());
    assert.ok(
      standBys.every(({ order }) => order < off),
      vcenter.ledger.chronicle.toString(),
    );
    for (const { what } of standBys)
      assert.match(ground.kubelet.logs(namespace, what.split(' ')[0] ?? ''), /standing by.*"called".*disk is complete/s);
    const { history = [] } = (await vmOf(namespace, 'web')).status;
    const shut = Date.parse(history.find(({ phase }) => phase === 'PowerOffSource')?.endedAt ?? '');
    t.diagnostic(`from the end of PowerOffSource to the readings: ${readings.map((at) => at - shut).join(', ')} ms`);
    await switchVm(namespace, 'db', { cutover: new Date().toISOString() });
    await reaches(namespace, ['db'], ({ phase }) => phase === 'AwaitCommit', operator);
    for (const guest of [web, db]) {
      assert.equal(guest.on, false);
      await isTrue(namespace, guest);
      noSnapshots(guest);
    }
    await switchVm(namespace, 'web', { committed: true });
    await switchVm(namespace, 'db', { rolledBack: true });
    await reaches(namespace, ['web'], ({ phase }) => phase === 'Committed', operator);
    await reaches(namespace, ['db'], ({ phase }) => phase === 'RolledBack', operator);
    assert.deepEqual([web.on, db.on], [false, true]);
    const machines = new Map(
      (await ground.machines(namespace)).map((thing) => [thing.metadata.name, thing.spec?.['runStrategy']]),
    );
    assert.equal(machines.get('db'), 'Halted');
    assert.notEqual(machines.get('web'), 'Halted');
    assert.ok(((await vmOf(namespace, 'web')).status.downtime?.seconds ?? 0) > 0);
    stop.abort();
    await noted;
  });

  test('an operator that is killed within a copy of changes finds its worker again, on block devices and with what was proven before', async () => {
    const { namespace, guests } = await furnish('killed', { mail: [3 * MiB, 2 * MiB] });
    const { mail } = guests;
    assert.ok(mail);
    await using witness = new Witness(ground.plane.api, namespace);
    const whenReady = { schedule: { cutover: { mode: 'whenReady' } } };
    await ground.make(namespace, 'migrationplans', 'first', planOf(['mail'], whenReady, 'Block'));
    await using killed = ground.operate(namespace, SLOW);
    await reaches(namespace, ['mail'], ({ phase }) => phase === 'CopyDelta', killed);
    await ground.until(async () => (await ground.jobs(namespace)).length === 2, { namespace, operator: killed, every: 20 });
    await killed.kill();
    await ground.forgetLeader(namespace);
    const running = (await ground.jobs(namespace)).map(({ metadata }) => metadata.uid);
    await using operator = ground.operate(namespace, SLOW);
    await reaches(namespace, ['mail'], ({ phase }) => phase === 'Completed', operator);
    await isTrue(namespace, mail);
    noSnapshots(mail);
    const { warm } = (await vmOf(namespace, 'mail')).status;
    // One Job a disk for each pass and for the last one, none of them twice.
    assert.equal(witness.made('jobs').length, 2 * ((warm?.passes.at(-1)?.number ?? 0) + 1));
    assert.equal(new Set(witness.made('jobs')).size, witness.made('jobs').length);
    assert.equal(running.length, 2);
    // Protected until the Pod that had it is gone.
    await ground.until(async () => {
      const claims = await ground.list(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`);
      return claims.every(({ metadata: { name } }) => !name.endsWith('-journal'));
    });
  });

  test('a group of which one cannot be brought to its end is not cut over: both sources run again', async () => {
    const { namespace, guests } = await furnish('group', { good: [2 * MiB], bad: [2 * MiB] });
    const { good, bad } = guests;
    assert.ok(good && bad);
    const groups = [{ name: 'pair', vms: ['good', 'bad'] }];
    const schedule = { cutover: { mode: 'whenReady' } };
    await ground.make(namespace, 'migrationplans', 'first', planOf(['good', 'bad'], { groups, schedule }));
    await using operator = ground.operate(namespace, BROKEN);
    await reaches(namespace, ['good', 'bad'], ({ phase }) => phase === 'Failed', operator);
    const [one, other] = [(await vmOf(namespace, 'good')).status, (await vmOf(namespace, 'bad')).status];
    assert.deepEqual([one.failure?.code, one.failure?.source], ['group-failed', 'started-again']);
    assert.deepEqual([other.failure?.code, other.failure?.source], ['transfer-tool-failed', 'started-again']);
    for (const guest of [good, bad]) {
      assert.ok(guest.on && guest.rests.length === 1, `${guest.name} was off once, and runs`);
      noSnapshots(guest);
    }
    assert.deepEqual(await ground.machines(namespace), []);
  });

  test('a disk that is added while the others are copied comes along, under the same plan and with a claim of its own', async () => {
    const { namespace, guests } = await furnish('added', { shop: [2 * MiB] });
    const { shop } = guests;
    assert.ok(shop);
    await using operator = ground.operate(namespace);
    await ground.make(namespace, 'migrationplans', 'first', planOf(['shop']));
    await reaches(namespace, ['shop'], waits, operator);
    await vcenter.trouble('disk-added', shop);
    assert.equal(shop.disks.length, 2);
    await switchVm(namespace, 'shop', { cutover: new Date().toISOString() });
    await reaches(namespace, ['shop'], ({ phase }) => phase === 'Completed', operator);
    await isTrue(namespace, shop);
    noSnapshots(shop);
    assert.equal((await ground.claims(namespace)).length, 2);
  });
});
