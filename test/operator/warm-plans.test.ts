/**
 * What warm plans do under the operator, on a real control plane with a source and copies of the test: places, pauses, changes of mind. Bytes, workers
 * and guests that write are in test/scenarios/cluster-warm.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { Ground } from '../scenarios/cluster/ground.ts';
import { Copies, FakeSource } from './fake-source.ts';
import { conditionOf, furnish, operate, planOf, vmsOf } from './stage.ts';

let ground: Ground;
before(async () => {
  ground = await Ground.start();
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
});

interface Stood {
  readonly phase?: string;
  readonly history?: readonly { readonly phase: string; readonly startedAt: string; readonly endedAt: string }[];
  readonly warm?: { readonly passes: readonly { readonly number: number }[] };
}

async function furnished(name: string, names: readonly string[]) {
  const namespace = ground.name(name);
  await furnish(ground, namespace);
  const source = new FakeSource(
    names.map((vm) => ({ name: vm })),
    { warm: true },
  );
  const stands = async () => {
    const all = await vmsOf(ground, namespace);
    return names.map((vm) => (all.get(vm)?.status ?? {}) as Stood);
  };
  const snapshots = (): number => [...(source.snapshots?.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
  return { namespace, source, stands, snapshots };
}

/** Onto claims that are bound without a worker. */
function warmPlan(spec: object = {}): object {
  const target = { storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  return planOf({ type: 'warm', storageMap: { entries: [{ source: { storage: '*' }, target }] }, ...spec });
}

const waits = ({ phase, warm }: Stood): boolean => phase === 'AwaitPrecopy' && (warm?.passes.length ?? 0) >= 2;

test('more VMs wait for their cutover than may be worked on, and each takes its turn when its time has come', async () => {
  const names = ['a', 'b', 'c'];
  const { namespace, source, stands, snapshots } = await furnished('places', names);
  const copies = new Copies();
  await using operator = await operate(ground, namespace, source, copies);
  const about = { namespace, operator };
  await ground.make(namespace, 'migrationplans', 'first', warmPlan({ limits: { vms: 1 } }));
  await ground.until(async () => (await stands()).every(waits), about);
  assert.equal(copies.most, 1);
  assert.equal(snapshots(), 0);
  const ready = async () => await ground.get(`/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/migrationplans/first`);
  await ground.until(async () => /3 wait for a time/.test(conditionOf(await ready(), 'Ready')?.message ?? ''), about);
  const writes = operator.writes();
  await ground.change(namespace, 'migrationplans', 'first', { cutover: new Date().toISOString() });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', about);
  assert.ok((operator.writes() - writes) / names.length < 30, 'a cutover is no dearer than a cold migration');
  assert.equal(copies.most, 1);
  assert.deepEqual(operator.bugs, []);
});

test('a paused plan cuts nobody over, and one that is canceled leaves neither claims nor snapshots', async () => {
  const { namespace, source, stands, snapshots } = await furnished('held', ['a', 'b']);
  await using operator = await operate(ground, namespace, source, new Copies());
  const about = { namespace, operator };
  const plan = `/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/migrationplans/first`;
  await ground.make(namespace, 'migrationplans', 'first', warmPlan());
  await ground.until(async () => (await stands()).every(waits), about);
  await ground.change(namespace, 'migrationplans', 'first', { paused: true });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Paused', about);
  await ground.change(namespace, 'migrationplans', 'first', { cutover: new Date().toISOString() });
  // Pausing was the second generation of the plan, this is the third: its VMs were woken by it.
  await ground.until(async () => (await ground.get(plan))?.status?.['observedGeneration'] === 3, about);
  assert.ok((await stands()).every(waits));
  assert.deepEqual([...source.power.values()], ['on', 'on']);
  await ground.change(namespace, 'migrationplans', 'first', { canceled: true });
  await ground.until(async () => (await stands()).every(({ phase }) => phase === 'Canceled'), about);
  await ground.until(async () => (await ground.claims(namespace)).length === 0, about);
  assert.equal(snapshots(), 0);
  assert.deepEqual([...source.power.values()], ['on', 'on']);
  assert.deepEqual(operator.bugs, []);
});

test('a VmMigration that is deleted while a snapshot is copied takes the snapshot with it, also when nobody was there to see it', async () => {
  const { namespace, source, stands, snapshots } = await furnished('deleted', ['a']);
  const copies = new Copies(false);
  const name = async () => (await ground.migrations(namespace))[0]?.metadata.name;
  {
    await using operator = await operate(ground, namespace, source, copies);
    await ground.make(namespace, 'migrationplans', 'first', warmPlan());
    await ground.until(async () => copies.running.length === 1, { namespace, operator });
    assert.deepEqual(
      (await stands()).map(({ phase }) => phase),
      ['CopyDisks'],
    );
  }
  assert.equal(snapshots(), 1);
  await ground.change(namespace, 'migrationplans', 'first', { paused: true });
  await ground.remove(namespace, 'vmmigrations', (await name()) ?? '');
  await using operator = await operate(ground, namespace, source, copies);
  await ground.until(async () => snapshots() === 0, { namespace, operator });
  await ground.until(async () => (await ground.claims(namespace)).length === 0, { namespace, operator });
  assert.deepEqual(operator.bugs, []);
});

test('VMs of a group are off together although only one may be worked on, and a group of whom nobody knows is refused', async () => {
  const { namespace, source, stands } = await furnished('group', ['a', 'b']);
  await using operator = await operate(ground, namespace, source, new Copies());
  const about = { namespace, operator };
  const pair = (...vms: readonly string[]) => ({ groups: [{ name: 'pair', vms }] });
  const rest = { limits: { vms: 1 }, schedule: { cutover: { mode: 'whenReady' } } };
  await ground.make(namespace, 'migrationplans', 'first', warmPlan({ ...pair('a', 'nobody'), ...rest }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'ConfigInvalid', about);
  const plan = `/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/migrationplans/first`;
  assert.match(conditionOf(await ground.get(plan), 'Ready')?.message ?? '', /no VM of this plan: nobody/);
  assert.deepEqual(
    (await stands()).map(({ phase }) => phase),
    [undefined, undefined],
  );
  await ground.change(namespace, 'migrationplans', 'first', pair('a', 'id-b'));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', about);
  const [a, b] = (await stands()).map(({ history = [] }) => new Map(history.map((record) => [record.phase, record])));
  for (const [one, other] of [
    [a, b],
    [b, a],
  ]) {
    const [off, made] = [one?.get('PowerOffSource')?.endedAt, other?.get('CreateVm')?.startedAt];
    assert.ok(Date.parse(off ?? '') <= Date.parse(made ?? ''), 'nothing is made before every source is off');
  }
  assert.deepEqual(operator.bugs, []);
});
