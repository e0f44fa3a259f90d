/**
 * What plans and VMs do under the operator, on a real control plane. The source and the copier are fakes: no byte is moved, no guest is shut down
 * and no worker runs. Workers and bytes are in test/scenarios/cluster-migration.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import { startLosingRelay } from '../kube/losing-relay.ts';
import { expectApi } from '../peers/kubernetes-api.ts';
import { Ground } from '../scenarios/cluster/ground.ts';
import { Copies, FakeSource } from './fake-source.ts';
import { conditionOf, fieldOf, furnish, operate, planOf, vmsOf } from './stage.ts';

let ground: Ground;
before(async () => {
  ground = await Ground.start();
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
});

const OURS = '/apis/kubeferry.dev/v1alpha1/namespaces';

async function plan(namespace: string, name = 'first') {
  return await ground.get(`${OURS}/${namespace}/migrationplans/${name}`);
}

test('a whole cold migration of a VM costs 30 writes at most, and the same for each of many', async () => {
  const namespace = ground.name('budget');
  await furnish(ground, namespace);
  const names = Array.from({ length: 6 }, (_none, index) => `vm-${index}`);
  const source = new FakeSource(names.map((name, index) => ({ name, host: `esx-${index % 2}` })));
  await using operator = await operate(ground, namespace, source, new Copies());
  await ground.make(namespace, 'migrationplans', 'first', planOf({ limits: { vms: 4 } }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  const each = operator.writes() / names.length;
  // A worker costs four more (Job, ConfigMap and the right to write it), and one for its last word.
  assert.ok(each + 5 <= 30, `${each} writes a VM`);
  assert.equal((await ground.machines(namespace)).length, names.length);
  const found = await plan(namespace);
  assert.deepEqual(found?.status?.['vms'], { total: 6, waiting: 0, running: 0, completed: 6, failed: 0, canceled: 0 });
  assert.ok(found?.status?.['startedAt'] !== undefined && found.status['endedAt'] !== undefined);
  assert.deepEqual(operator.bugs, []);
});

test('two plans share the transfers of a host, take turns, and who waits says for what', async () => {
  const namespace = ground.name('shared');
  await furnish(ground, namespace, { perHost: 2 });
  const source = new FakeSource(['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((name) => ({ name, host: 'esx-3' })));
  const copies = new Copies(false);
  await using operator = await operate(ground, namespace, source, copies);
  await ground.make(namespace, 'migrationplans', 'first', planOf({ selection: { where: ['name=a*'] } }));
  await ground.until(async () => copies.running.length === 2, { namespace, operator });
  await ground.make(namespace, 'migrationplans', 'second', planOf({ selection: { where: ['name=b*'] } }));
  const late = ['a1', 'a2', 'a3'].find((name) => !copies.running.includes(name)) ?? '';
  const waits = async (name: string) => (await vmsOf(ground, namespace)).get(name)?.status?.['waitingFor'];
  await ground.until(async () => (await waits('b1'))?.toString().includes('host esx-3') === true, { namespace, operator });
  assert.equal(await waits(late), 'waiting for host esx-3: 2 of 2 transfers');
  const order: string[] = [];
  while (order.length < 6) {
    await ground.until(async () => copies.running.length >= Math.min(2, 6 - order.length), { namespace, operator });
    const [name = ''] = copies.running;
    order.push(name);
    copies.finish(name);
    await ground.until(async () => !copies.running.includes(name), { namespace, operator, every: 5 });
  }
  // The first two were there alone; then each plan gets every other turn.
  const turns = order.slice(2, 4).map((name) => name.slice(0, 1));
  assert.deepEqual(turns.toSorted(), ['a', 'b'], order.join());
  assert.equal(copies.most, 2);
  await ground.until(async () => (await ground.stateOf(namespace, 'second')) === 'Completed', { namespace, operator });
  assert.equal(await waits('b1'), undefined);
});

test('a further disk of a VM that is under way says what it waits for, and no longer when it has its turn', async () => {
  const namespace = ground.name('further');
  await furnish(ground, namespace, { perHost: 1 });
  const source = new FakeSource([{ name: 'web', host: 'esx-7', disks: 2 }]);
  const copies = new Copies(false);
  await using operator = await operate(ground, namespace, source, copies);
  await ground.make(namespace, 'migrationplans', 'first', planOf());
  const waits = async () => (await ground.migrations(namespace))[0]?.status?.['waitingFor'];
  const said = 'Waiting for host esx-7: 1 of 1 transfers';
  await ground.until(async () => (await waits()) === said, { namespace, operator });
  assert.equal(copies.running.length, 1);
  copies.finish('web');
  await ground.until(async () => (await waits()) === undefined, { namespace, operator });
  copies.finishAll();
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
});

test('dry run, pause and schedule hold everything back, and what they are changed to begins it', async () => {
  const namespace = ground.name('held');
  await furnish(ground, namespace);
  const source = new FakeSource([{ name: 'web' }]);
  await using operator = await operate(ground, namespace, source, new Copies());
  await ground.make(namespace, 'migrationplans', 'first', planOf({ dryRun: true }));
  const state = async (wanted: string): Promise<void> =>
    await ground.until(async () => (await ground.stateOf(namespace, 'first')) === wanted, { namespace, operator });
  await state('DryRun');
  const vm = (await vmsOf(ground, namespace)).get('web');
  assert.equal(vm?.status?.['critical'], 0);
  assert.match(String(vm?.status?.['waitingFor']), /^waiting for plan first:/);
  await ground.change(namespace, 'migrationplans', 'first', { dryRun: false, paused: true });
  await state('Paused');
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await ground.change(namespace, 'migrationplans', 'first', { paused: false, schedule: { start: later } });
  await state('Scheduled');
  assert.deepEqual(await ground.claims(namespace), []);
  await ground.change(namespace, 'migrationplans', 'first', { schedule: { start: new Date(Date.now() + 1500).toISOString() } });
  await state('Completed');
});

test('what has not begun by the deadline fails, and says so', async () => {
  const namespace = ground.name('late');
  await furnish(ground, namespace);
  await using operator = await operate(ground, namespace, new FakeSource([{ name: 'web' }]), new Copies());
  const deadline = new Date(Date.now() - 1000).toISOString();
  await ground.make(namespace, 'migrationplans', 'first', planOf({ schedule: { deadline } }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Failed', { namespace, operator });
  const vm = (await vmsOf(ground, namespace)).get('web');
  assert.equal(fieldOf(vm?.status?.['failure'], 'code'), 'deadline-passed');
  assert.deepEqual(await ground.claims(namespace), []);
});

test('a VM that failed starts its source again, and goes on when it is asked to try again', async () => {
  const namespace = ground.name('retry');
  await furnish(ground, namespace);
  const source = new FakeSource([{ name: 'web' }]);
  const copies = new Copies(false);
  await using operator = await operate(ground, namespace, source, copies);
  await ground.make(namespace, 'migrationplans', 'first', planOf());
  await ground.until(async () => copies.running.length === 1, { namespace, operator });
  assert.equal(source.power.get('id-web'), 'off');
  copies.fail('web', new MigrationError('source-read-failed', 'A block could not be read.'));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Failed', { namespace, operator });
  assert.equal(source.power.get('id-web'), 'on');
  const [vm] = await ground.migrations(namespace);
  copies.finishAll();
  await ground.change(namespace, 'vmmigrations', vm?.metadata.name ?? '', { retry: 1 });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  const [retried] = await ground.migrations(namespace);
  assert.equal(retried?.status?.['retried'], 1);
  const events = await ground.list(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  const reasons = events.map((event) => (event as unknown as { readonly reason: string }).reason);
  for (const reason of ['SourceStopped', 'CopyingDisks', 'Failed', 'DisksCopied', 'VmCreated', 'Completed'])
    assert.ok(reasons.includes(reason), `${reason} is not among ${reasons.join()}`);
});

test('a VM whose making nobody answered is stopped before its source runs again, and made to run by the next try', async () => {
  const namespace = ground.name('unanswered');
  await furnish(ground, namespace);
  const source = new FakeSource([{ name: 'web' }]);
  await using relay = await startLosingRelay(ground.plane.api);
  let inVain = 0;
  let dark = false;
  relay.fate = ({ method, url = '' }) => {
    if (method === 'POST' && url.includes('/virtualmachines')) {
      dark = true;
      return 'answer-lost';
    }
    if (!dark || !url.includes('/virtualmachines/')) return 'passed';
    inVain += 1;
    return 'lost';
  };
  await using operator = await operate(ground, namespace, source, new Copies(), relay.kubeconfig);
  await ground.make(namespace, 'migrationplans', 'first', planOf());
  // The looks of the making are six; those that come then are about the source.
  await ground.until(async () => inVain > 6, { namespace, operator });
  assert.equal(source.power.get('id-web'), 'off', 'as long as the VM may run in the cluster');
  relay.fate = () => 'passed';
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Failed', { namespace, operator });
  const [failed] = await ground.migrations(namespace);
  assert.partialDeepStrictEqual(failed?.status?.['failure'], { phase: 'CreateVm', source: 'started-again', target: 'stopped' });
  assert.equal(source.power.get('id-web'), 'on');
  const strategy = async () => (await ground.machines(namespace)).map(({ spec }) => spec?.['runStrategy']);
  assert.deepEqual(await strategy(), ['Halted']);
  await ground.change(namespace, 'vmmigrations', failed?.metadata.name ?? '', { retry: 1 });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  assert.equal(source.power.get('id-web'), 'off');
  assert.equal((await strategy()).length, 1);
  assert.notDeepEqual(await strategy(), ['Halted']);
});

test('a paused VM ends its phase and begins no other until it goes on', async () => {
  const namespace = ground.name('pause');
  await furnish(ground, namespace);
  const copies = new Copies(false);
  await using operator = await operate(ground, namespace, new FakeSource([{ name: 'web' }]), copies);
  await ground.make(namespace, 'migrationplans', 'first', planOf());
  await ground.until(async () => copies.running.length === 1, { namespace, operator });
  const name = (await ground.migrations(namespace))[0]?.metadata.name ?? '';
  await ground.change(namespace, 'vmmigrations', name, { paused: true });
  await ground.until(async () => (await ground.migrations(namespace))[0]?.status?.phase === 'CopyDisks', { namespace, operator });
  copies.finishAll();
  await ground.until(async () => conditionOf((await ground.migrations(namespace))[0], 'Ready')?.reason === 'Paused', {
    namespace,
    operator,
  });
  assert.deepEqual(await ground.machines(namespace), []);
  await ground.change(namespace, 'vmmigrations', name, { paused: false });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
});

test('a class that is missing blocks a plan until it is accepted with a reason, which stays', async () => {
  const namespace = ground.name('class');
  await furnish(ground, namespace);
  await using operator = await operate(ground, namespace, new FakeSource([{ name: 'web' }]), new Copies());
  const target = { storageClass: 'nowhere', volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  const storageMap = { entries: [{ source: { storage: '*' }, target }] };
  await ground.make(namespace, 'migrationplans', 'first', planOf({ storageMap }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Blocked', { namespace, operator });
  const open = async () => {
    const own = (await vmsOf(ground, namespace)).get('web')?.status?.['concerns'] as readonly Concern[] | undefined;
    return (own ?? []).filter(({ category, accepted }) => category === 'Critical' && accepted === undefined).map(({ id }) => id);
  };
  const text = conditionOf(await plan(namespace), 'Assessed')?.message ?? '';
  const ids = [...new Set([...(await open()), ...(/open: (.*)$/.exec(text)?.[1]?.split(', ') ?? [])])];
  assert.ok(ids.length > 0);
  const reason = 'The class comes tonight, says Jo.';
  await ground.change(namespace, 'migrationplans', 'first', { accept: ids.map((concern) => ({ concern, reason })) });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  const accepted = (await plan(namespace))?.status?.['accepted'] as readonly { readonly reason: string }[];
  assert.deepEqual(
    accepted.map((each) => each.reason),
    ids.map(() => reason),
  );
});

interface Concern {
  readonly id: string;
  readonly category: string;
  readonly accepted?: string;
}

test('names that mean no VM are in the status, and begin when the source has them', async () => {
  const namespace = ground.name('missing');
  await furnish(ground, namespace);
  const source = new FakeSource([{ name: 'web' }]);
  await using operator = await operate(ground, namespace, source, new Copies());
  await ground.make(namespace, 'migrationplans', 'first', planOf({ selection: { names: ['web', 'ghost'] } }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  const found = await plan(namespace);
  assert.deepEqual(found?.status?.['missing'], ['ghost']);
  source.add({ name: 'late' });
  await ground.change(namespace, 'migrationplans', 'first', { selection: { names: ['web', 'late'] } });
  await ground.until(async () => (await ground.machines(namespace)).length === 2, { namespace, operator });
  await ground.until(async () => (await plan(namespace))?.status?.['missing'] === undefined, { namespace, operator });
});

/** Milliseconds. VMs against which nothing speaks are looked at again after a minute. */
const SOON = 30_000;

test('what stood in the way at the source and was mended there keeps nothing back for long', async () => {
  const namespace = ground.name('mended');
  await furnish(ground, namespace);
  const source = new FakeSource([{ name: 'web', power: 'suspended' }]);
  await using operator = await operate(ground, namespace, source, new Copies());
  await ground.make(namespace, 'migrationplans', 'first', planOf());
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Blocked', { namespace, operator });
  const mended = Date.now();
  // The Provider's counts are the same.
  source.add({ name: 'web' });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  assert.ok(Date.now() - mended < SOON, `it took ${Date.now() - mended} ms`);
});

test('a warm plan of a source that tells no changes, and times that cannot be, are refused in words until they are mended', async () => {
  const namespace = ground.name('warm');
  await furnish(ground, namespace);
  await using operator = await operate(ground, namespace, new FakeSource([{ name: 'web' }]), new Copies());
  const said = async (reason: string, message: RegExp): Promise<void> => {
    await ground.until(async () => (await ground.stateOf(namespace, 'first')) === reason, { namespace, operator });
    assert.match(conditionOf(await plan(namespace), 'Ready')?.message ?? '', message);
  };
  const windows = [{ cron: '0 1 * * 6', duration: '4h', timeZone: 'Mars/Olympus' }];
  await ground.make(
    namespace,
    'migrationplans',
    'first',
    planOf({ type: 'warm', schedule: { cutover: { mode: 'windows', windows } } }),
  );
  await said('ConfigInvalid', /no time zone "Mars\/Olympus"/);
  await ground.change(namespace, 'migrationplans', 'first', { schedule: null });
  await said('ChangeTrackingUnavailable', /cannot be migrated warm/);
  await ground.change(namespace, 'migrationplans', 'first', { type: 'cold' });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
});

test('an exception that means no guest is told, and nothing begins until it is mended', async () => {
  const namespace = ground.name('excepted');
  await furnish(ground, namespace);
  await using operator = await operate(ground, namespace, new FakeSource([{ name: 'web' }]), new Copies());
  const guest = { policy: 'none', exceptions: [{ vms: ['webb'], policy: 'skip' }] };
  await ground.make(namespace, 'migrationplans', 'first', planOf({ guest }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'ConfigInvalid', { namespace, operator });
  assert.match(
    conditionOf(await plan(namespace), 'Ready')?.message ?? '',
    /guest\.exceptions names what is no VM of this plan: webb/,
  );
  assert.equal((await vmsOf(ground, namespace)).get('web')?.status?.phase, undefined);
  await ground.change(namespace, 'migrationplans', 'first', { guest: { exceptions: null } });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
});

test('a VM with a way back waits without a place, and goes it or gives it up when somebody says so, or when its time is over', async () => {
  const namespace = ground.name('commit');
  await furnish(ground, namespace);
  const source = new FakeSource(['a', 'b', 'c'].map((name) => ({ name })));
  await using operator = await operate(ground, namespace, source, new Copies());
  const commit = { mode: 'manual', within: '1h', otherwise: 'RollBack' };
  await ground.make(namespace, 'migrationplans', 'first', planOf({ commit, limits: { vms: 1 } }));
  const phases = async () => {
    const all = await vmsOf(ground, namespace);
    return ['a', 'b', 'c'].map((name) => all.get(name)?.status?.phase).join(' ');
  };
  const becomes = async (wanted: string): Promise<void> =>
    await ground.until(async () => (await phases()) === wanted, { namespace, operator });
  await becomes('AwaitCommit AwaitCommit AwaitCommit');
  const set = async (name: string, spec: object): Promise<void> => {
    const found = (await vmsOf(ground, namespace)).get(name)?.metadata.name ?? '';
    await ground.change(namespace, 'vmmigrations', found, spec);
  };
  await set('a', { committed: true });
  await set('b', { rolledBack: true });
  await becomes('Committed RolledBack AwaitCommit');
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => source.power.get(`id-${name}`)),
    ['off', 'on', 'off'],
  );
  await ground.change(namespace, 'migrationplans', 'first', { commit: { ...commit, within: '1s' } });
  await becomes('Committed RolledBack RolledBack');
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Canceled', { namespace, operator });
  assert.match(
    conditionOf(await plan(namespace), 'Ready')?.message ?? '',
    /^1 of 3 VMs are in the cluster; 2 were canceled or taken back/,
  );
  await set('c', { rolledBack: false, retry: 1 });
  await becomes('Committed RolledBack AwaitCommit');
  assert.deepEqual(operator.bugs, []);
});

test('a source that a failure left off is brought back when somebody says so', async () => {
  const namespace = ground.name('left-off');
  await furnish(ground, namespace);
  const source = new FakeSource([{ name: 'web' }]);
  const copies = new Copies(false);
  await using operator = await operate(ground, namespace, source, copies);
  await ground.make(namespace, 'migrationplans', 'first', planOf({ shutdown: { afterFailure: 'leave-off' } }));
  await ground.until(async () => copies.running.length === 1, { namespace, operator });
  copies.fail('web', new MigrationError('target-full', 'The claim is full.'));
  const phase = async (): Promise<string | undefined> => (await ground.migrations(namespace))[0]?.status?.phase;
  await ground.until(async () => (await phase()) === 'Failed', { namespace, operator });
  assert.equal(source.power.get('id-web'), 'off');
  const name = (await ground.migrations(namespace))[0]?.metadata.name ?? '';
  await ground.change(namespace, 'vmmigrations', name, { rolledBack: true });
  await ground.until(async () => (await phase()) === 'RolledBack', { namespace, operator });
  assert.equal(source.power.get('id-web'), 'on');
});

test('VMs are made in another namespace, and one that is deleted before its cutover leaves nothing there', async () => {
  const namespace = ground.name('plans');
  const target = ground.name('vms');
  await furnish(ground, namespace);
  await ground.namespace(target, {});
  const source = new FakeSource([{ name: 'gone' }, { name: 'stays' }]);
  const copies = new Copies(false);
  await using operator = await operate(ground, namespace, source, copies);
  await ground.make(namespace, 'migrationplans', 'first', planOf({ target: { namespace: target } }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'CredentialsMissing', { namespace, operator });
  await ground.secret(target, 'vcenter', { user: 'u', password: 'p' });
  await ground.change(namespace, 'migrationplans', 'first', { verify: false });
  await ground.until(async () => copies.running.length === 2, { namespace, operator });
  assert.equal((await ground.claims(target)).length, 2);
  assert.deepEqual(await ground.claims(namespace), []);
  const gone = (await vmsOf(ground, namespace)).get('gone')?.metadata.name ?? '';
  await ground.remove(namespace, 'vmmigrations', gone);
  await ground.until(async () => !(await vmsOf(ground, namespace)).has('gone'), { namespace, operator });
  await ground.until(async () => (await ground.claims(target)).length === 1, { namespace, operator });
  assert.equal(source.power.get('id-gone'), 'on', 'its source runs again');
  copies.finishAll();
  await ground.until(async () => (await ground.machines(target)).length === 1, { namespace, operator });
  await ground.until(async () => (await ground.migrations(namespace))[0]?.status?.phase === 'Completed', { namespace, operator });
  await ground.remove(namespace, 'migrationplans', 'first');
  await ground.until(async () => (await ground.migrations(namespace)).length === 0, { namespace, operator });
  assert.equal((await ground.claims(target)).length, 1, 'the claim of the VM stays');
  assert.equal((await ground.machines(target)).length, 1);
});

test('a quota that is exceeded is told, and the VM comes when there is room', async () => {
  const namespace = ground.name('quota');
  await furnish(ground, namespace);
  const quota = `/api/v1/namespaces/${namespace}/resourcequotas`;
  await using operator = await operate(ground, namespace, new FakeSource([{ name: 'web' }]), new Copies());
  await ground.make(namespace, 'migrationplans', 'first', planOf({ paused: true }));
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Paused', { namespace, operator });
  await expectApi(ground.plane.api, 'POST', quota, {
    metadata: { name: 'small' },
    spec: { hard: { persistentvolumeclaims: '1' } },
  });
  await ground.until(async () => (await ground.get(`${quota}/small`))?.status?.['used'] !== undefined, { namespace, operator });
  await ground.change(namespace, 'migrationplans', 'first', { paused: false });
  const ready = async () => conditionOf((await ground.migrations(namespace))[0], 'Ready');
  await ground.until(async () => (await ready())?.reason === 'QuotaExceeded', { namespace, operator });
  await expectApi(ground.plane.api, 'DELETE', `${quota}/small`);
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
});

test('a provider that is out of reach is degraded with the reason, goes on where it was, and a new password opens it anew', async () => {
  const namespace = ground.name('degraded');
  await furnish(ground, namespace);
  const source = new FakeSource([{ name: 'web' }]);
  await using operator = await operate(ground, namespace, source, new Copies());
  const provider = async () => await ground.get(`${OURS}/${namespace}/providers/vcenter`);
  const about = { namespace, operator };
  await ground.until(async () => conditionOf(await provider(), 'Ready')?.status === 'True', about);
  const count = async () => fieldOf((await provider())?.status?.['inventory'], 'vms');
  assert.equal(await count(), 1);
  source.add({ name: 'more' });
  await ground.until(async () => (await count()) === 2, about);
  source.trouble = new MigrationError('source-login-failed', 'The server does not know this password.');
  await ground.change(namespace, 'providers', 'vcenter', { insecure: true });
  await ground.until(async () => conditionOf(await provider(), 'Degraded')?.reason === 'SourceLoginFailed', about);
  const opened = source.opened;
  source.trouble = undefined;
  const path = `/api/v1/namespaces/${namespace}/secrets/vcenter`;
  await expectApi(ground.plane.api, 'PATCH', path, { stringData: { password: 'new' } });
  await ground.until(async () => conditionOf(await provider(), 'Degraded')?.status === 'False', about);
  assert.ok(source.opened > opened);
});
