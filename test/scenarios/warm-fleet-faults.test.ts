/**
 * A fleet of warm VMs on a real control plane, in two waves with limits, groups, a window and commit windows, whose guests write all the time. On the
 * way an operator is killed within copies and another one while all VMs wait, a worker is killed, the vCenter goes away, tracking loses count, and one
 * of a group cannot be brought to its end. The truth is what a guest's disks held when its power went. `npm run test:soak` plays it with 50 VMs.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { Ground, type Operator } from './cluster/ground.ts';
import { Overseer, type Status } from './fleet/overseer.ts';
import { writesOf } from './fleet/requests.ts';
import { BAD, type Limits, type Member, planOf, rosterOf } from './fleet/roster.ts';

const SOAK = process.env['KUBEFERRY_SOAK'] !== undefined;
const COUNT = SOAK ? 50 : 6;
const LIMITS: Limits = SOAK ? { vms: 5, transfers: 5, perStorageClass: 8 } : { vms: 2, transfers: 2, perStorageClass: 3 };
/** Milliseconds from the start of the second wave until it may be cut over. */
const SHELTERED = SOAK ? 60_000 : 10_000;
/** The service is away for so long, in milliseconds. */
const OUTAGE = SOAK ? 10_000 : 2000;
const IMAGE = 'kubeferry.example/fleet:1';
const ORDER = '/kubeferry/order/order.json';

/** Milliseconds until something is seen; a long fleet takes its time. */
const PATIENCE = SOAK ? 900_000 : 240_000;

interface Scene {
  readonly ground: Ground;
  readonly vcenter: Vcenter;
  readonly namespace: string;
  readonly overseer: Overseer;
  readonly roster: readonly Member[];
  operator: Operator;
  /** Requests by which operators that are gone changed something in the cluster. */
  writes: number;
  /** Names of VMs that were shut down and failed once. */
  readonly failed: Set<string>;
}

test('a fleet of warm VMs arrives in waves and groups with every byte, whatever strikes on its way', {
  timeout: 2 * PATIENCE,
}, async (t) => {
  const began = Date.now();
  // Workers see another /tmp.
  const folder = await mkdtemp('/var/tmp/kubeferry-fleet-');
  await chmod(folder, 0o755);
  t.after(async () => await rm(folder, { recursive: true, force: true }));
  const broken = path.join(folder, 'broken');
  await writeFile(broken, '');
  await using ground = await Ground.start({ images: { [IMAGE]: workerOf(broken) } });
  await using vcenter = await startVcenter({ vms: 1, clusters: 0, slow: { PowerOnVM_Task: 300 } });
  const roster = rosterOf(COUNT);
  for (const { name, guest } of roster) await vcenter.guest(name, guest);
  const namespace = ground.name('fleet');
  await furnish(ground, vcenter, namespace);
  const { chronicle } = vcenter.ledger;
  await using overseer = new Overseer({ api: ground.plane.api, namespace, limits: LIMITS, chronicle });

  const waves = [roster.filter(({ wave }) => wave === 1), roster.filter(({ wave }) => wave === 2)] as const;
  const start = Date.now() + 1000;
  const one = { schedule: { start: iso(start), precopyEvery: '30m' }, commit: { mode: 'manual' } };
  await ground.make(namespace, 'migrationplans', 'one', planOf(waves[0], LIMITS, one));
  const hour = new Date(start - 3_600_000).getUTCHours();
  const windows = [{ cron: `0 ${hour} * * *`, duration: '6h', timeZone: 'Etc/UTC' }];
  const two = { schedule: { start: iso(start + 3_600_000), cutover: { mode: 'windows', windows } } };
  await ground.make(namespace, 'migrationplans', 'two', planOf(waves[1], LIMITS, two));
  const scene: Scene = {
    ground,
    vcenter,
    namespace,
    overseer,
    roster,
    operator: ground.operate(namespace, IMAGE),
    writes: 0,
    failed: new Set(),
  };
  try {
    const times = await play(scene, { waves, broken });
    await check(scene, { ...times, starts: [start, times.start] });
    scene.writes += await writesOf(scene.operator);
  } catch (error) {
    const stands = roster.map(
      ({ name }) => `${name}: its source is ${vcenter.guestOf(name).on ? 'on' : 'off'}, ${overseer.told(name)}`,
    );
    throw new Error([await told(scene), overseer.standing, ...stands].join('\n'), { cause: error });
  } finally {
    await scene.operator[Symbol.asyncDispose]();
  }
  t.diagnostic(figures(scene, (Date.now() - began) / 1000));
});

function figures({ roster, overseer, writes }: Scene, seconds: number): string {
  const { most, jobs } = overseer;
  const passes = roster.reduce((sum, { name }) => sum + (overseer.status(name).warm?.passes.at(-1)?.number ?? 0), 0);
  const a = (count: number) => `${(count / roster.length).toFixed(1)} a VM`;
  return [
    `${roster.length} VMs in ${Math.round(seconds)} s`,
    `${passes} passes (${a(passes)})`,
    `${jobs} Jobs (${a(jobs)})`,
    `${writes} writes of operators (${a(writes)}), ${a(overseer.writes)} of them seen at their VmMigrations`,
    `at once ${most.vms} VMs and ${most.transfers} transfers of a plan, ${most.ofClass} for the storage class`,
  ].join('; ');
}

/** A worker that cannot bring the last of one VM as long as a file is there. */
function workerOf(broken: string): readonly string[] {
  const isLast = `grep -q '"vm":"${BAD}"' ${ORDER} && grep -q '"delta"' ${ORDER} && ! grep -q '"staysOpen"' ${ORDER}`;
  // Where it stands by nobody can tell before it is called.
  const called = `case "$HOSTNAME" in *-${BAD}-*) echo '{}'; while grep -q '"stand-by"' ${ORDER}; do sleep 0.2; done;; esac`;
  const bin = path.resolve(import.meta.dirname, '../../src/cli/bin.js');
  return ['sh', '-c', `${called}; [ -e ${broken} ] && ${isLast} && exit 2; exec "$0" "$@"`, process.execPath, bin];
}

async function furnish(ground: Ground, server: Vcenter, namespace: string): Promise<void> {
  await ground.namespace(namespace, {});
  const { username: user, password, thumbprint } = server;
  await ground.secret(namespace, 'vcenter', { user, password, thumbprint: thumbprint.sha256 });
  const url = `vsphere://${server.host}:${server.port}`;
  const limits = { perHost: 50, perStorage: 50 };
  await ground.make(namespace, 'providers', 'source', { type: 'vsphere', url, secretRef: { name: 'vcenter' }, limits });
}

interface Course {
  readonly waves: readonly [readonly Member[], readonly Member[]];
  /** Somebody mends what is broken by removing it. */
  readonly broken: string;
}

/** When the second wave was allowed to begin and to be cut over, in milliseconds since the epoch. */
interface Times {
  readonly start: number;
  readonly opens: number;
}

async function play(scene: Scene, { waves: [first, second], broken }: Course): Promise<Times> {
  const { ground, vcenter, namespace, overseer } = scene;
  const among = (those: readonly Member[], holds: (status: Status) => boolean) => () =>
    those.every(({ name }) => holds(overseer.status(name)));

  // Copies run: one worker dies, then the operator.
  await until(scene, () => overseer.running.length > 0);
  await until(scene, async () => await killWorker(scene));
  await until(scene, () => overseer.running.length > 1);
  await replaceOperator(scene);

  // All wait although only few may be worked on. The second wave is told to start soon, and then nobody is there.
  await until(scene, among(first, waits));
  assert.ok(first.length > LIMITS.vms);
  await until(scene, () => overseer.running.length === 0);
  const start = Date.now() + 2000;
  const opens = start + SHELTERED;
  const blackouts = [{ from: iso(Date.now()), until: iso(opens) }];
  await ground.change(namespace, 'migrationplans', 'two', { schedule: { start: iso(start), blackouts } });
  await killOperator(scene);
  for (const { name, role } of first)
    if (hasLostCount({ wave: 1, role })) assert.ok(await vcenter.trouble('tracking-reset', vcenter.guestOf(name)));
  await until(scene, () => Date.now() > start);
  await ground.forgetLeader(namespace);
  scene.operator = ground.operate(namespace, IMAGE);

  // The second wave is copied: the service goes away.
  const isSecond = new Set(second.map(({ name }) => overseer.uid(name)));
  await until(scene, () => overseer.running.some((uid) => isSecond.has(uid)));
  await vcenter.kill();
  await new Promise((resolve) => setTimeout(resolve, OUTAGE));
  await vcenter.revive();

  // The first wave is cut over: one by its own word, the others by their plan. The group with the broken one stays.
  await wish(scene, first.filter(isOf('switched')), { cutover: iso(Date.now()) });
  await until(scene, among(first.filter(isOf('switched')), at('AwaitCommit')));
  await ground.change(namespace, 'migrationplans', 'one', { schedule: { cutover: { mode: 'at', at: iso(Date.now()) } } });
  const doomed = first.filter(isOf('doomed'));
  await until(scene, () => isLost(overseer.status(BAD)) && among(doomed, (status) => isLost(status) || waitsForGroup(status))());
  for (const { name } of doomed) {
    const { failure } = overseer.status(name);
    assert.ok(vcenter.guestOf(name).on, `${name} runs`);
    // It may have failed before this one was shut down, which then never is.
    if (failure === undefined) assert.deepEqual(vcenter.guestOf(name).rests, []);
    else
      assert.deepEqual([failure.code, failure.source], [name === BAD ? 'transfer-tool-failed' : 'group-failed', 'started-again']);
    if (failure !== undefined) scene.failed.add(name);
  }
  await rm(broken);
  await wish(scene, doomed, { retry: 1 });
  await until(scene, among(first, at('AwaitCommit')));
  await wish(scene, first.filter(isOf('returned')), { rolledBack: true });
  await wish(
    scene,
    first.filter(({ role }) => role !== 'returned'),
    { committed: true },
  );
  await until(scene, among(first, at('Committed', 'RolledBack')));
  await until(scene, among(second, at('Completed')));
  return { start, opens };
}

/** Everything that was promised, when all is over. */
async function check(scene: Scene, { starts, opens }: Times & { readonly starts: readonly number[] }) {
  const { vcenter, overseer, roster, ground, namespace } = scene;
  const { chronicle, openSnapshots } = vcenter.ledger;
  assert.deepEqual(overseer.faults, []);
  assert.deepEqual(openSnapshots, []);
  assert.deepEqual(overseer.running, []);
  for (const { name, wave, role } of roster) {
    const guest = vcenter.guestOf(name);
    const target = Overseer.target(name);
    assert.ok((overseer.begun.get(name) ?? 0) >= (starts[wave - 1] ?? 0), `${name} began before its start`);
    assert.deepEqual(chronicle.together(guest.vm, target), [], `${name} ran twice:\n${chronicle}`);
    assert.equal(guest.writesWhileOff, 0);
    assert.equal(guest.on, role === 'returned', `${name}: the power of its source`);
    assert.equal(chronicle.isOn(target), role !== 'returned', `${name}: its VM in the cluster`);
    assert.equal(guest.rests.length, scene.failed.has(name) ? 2 : 1, `${name} was off too often`);
    await isTrue(scene, name);
    const compared = overseer.status(name).warm?.passes.some((pass) => pass.compared !== undefined);
    assert.equal(compared, hasLostCount({ wave, role }), `${name}: whether everything was read again`);
  }
  for (const [group, those] of Map.groupBy(roster, ({ group: one }) => one)) {
    if (group === undefined) continue;
    const sources = those.map(({ name }) => vcenter.guestOf(name).vm);
    for (const { name } of those) {
      const order = chronicle.of(Overseer.target(name)).find(({ what }) => what === 'on')?.order;
      const on = sources.filter((source) => chronicle.isOn(source, order));
      assert.deepEqual(on, [], `${name} was started while others of ${group} ran at their source`);
    }
  }
  const claims = await ground.claims(namespace);
  assert.equal(
    claims.length,
    roster.reduce((sum, { guest }) => sum + (guest.disks?.length ?? 0), 0),
  );
  for (const { name } of roster.filter(({ wave }) => wave === 2)) {
    const { history } = overseer.status(name);
    const off = history?.find(({ phase }) => phase === 'PowerOffSource')?.startedAt ?? '';
    assert.ok(Date.parse(off) >= opens, `${name} was shut down at ${off}, before ${iso(opens)}`);
  }
}

/** The claims of a VM hold what its disks held when its power went last. */
async function isTrue({ ground, namespace, overseer, vcenter }: Scene, name: string): Promise<void> {
  const { disks = [] } = overseer.status(name);
  const rest = vcenter.guestOf(name).rests.at(-1);
  assert.ok(rest, `${name} was never off`);
  assert.equal(disks.length, rest.keys.length);
  for (const [index, { claim }] of disks.entries()) {
    const volume = await ground.kubelet.volumePath(namespace, claim);
    const arrived = createHash('sha256').update(await readFile(path.join(volume, 'disk.img')));
    assert.equal(arrived.digest('hex'), rest.digest(rest.keys[index] ?? 0), `${name}, disk ${index}`);
  }
}

/** Whether there was one that could be killed. */
async function killWorker({ ground, namespace }: Scene): Promise<boolean> {
  const pods = await ground.list(`/api/v1/namespaces/${namespace}/pods`);
  const running = pods.find(({ status }) => status?.phase === 'Running');
  if (running === undefined) return false;
  ground.kubelet.kill(namespace, running.metadata.name);
  return true;
}

async function killOperator(scene: Scene): Promise<void> {
  scene.writes += await writesOf(scene.operator);
  await scene.operator.kill();
}

async function replaceOperator(scene: Scene): Promise<void> {
  await killOperator(scene);
  await scene.ground.forgetLeader(scene.namespace);
  scene.operator = scene.ground.operate(scene.namespace, IMAGE);
}

async function wish({ ground, namespace, overseer }: Scene, those: readonly Member[], spec: object): Promise<void> {
  for (const { name } of those) await ground.change(namespace, 'vmmigrations', overseer.resource(name), spec);
}

async function until(scene: Scene, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE;
  const lost = () => scene.roster.find(({ name, role }) => role !== 'doomed' && scene.overseer.status(name).phase === 'Failed');
  while (!(await holds())) {
    assert.deepEqual(scene.overseer.faults, []);
    const one = lost();
    assert.equal(one, undefined, `${one?.name}: ${JSON.stringify(scene.overseer.status(one?.name ?? '').failure)}`);
    assert.ok(Date.now() < end, 'it took too long');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function told({ ground, namespace, operator }: Scene): Promise<string> {
  return await ground.told({ namespace, operator });
}

/** Whether its change tracking is reset on the way. */
function hasLostCount({ wave, role }: Pick<Member, 'wave' | 'role'>): boolean {
  return wave === 1 && role !== 'switched';
}

function isOf(role: Member['role']): (member: Member) => boolean {
  return (member) => member.role === role;
}

function at(...phases: readonly string[]): (status: Status) => boolean {
  return ({ phase = '' }) => phases.includes(phase);
}

const isLost = at('Failed');

/** Parked at the gate, and not under way to its shutdown. */
function waitsForGroup({ phase, outlook }: Status): boolean {
  return phase === 'AwaitCutover' && outlook?.next === 'group';
}

function waits({ phase, outlook, warm }: Status): boolean {
  return phase === 'AwaitPrecopy' && outlook !== undefined && warm !== undefined && warm.passes.length > 0;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
