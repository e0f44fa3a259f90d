/** A VM in the cluster and its source never run side by side, whatever is lost on the way: on the real API server, with the test as KubeVirt. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import type { Clock } from '../../../src/contracts/clock.ts';
import { ClusterDestination } from '../../../src/kube/destination/cluster-destination.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { callApi, expectApi } from '../../peers/kubernetes-api.ts';
import { Ground } from '../../scenarios/cluster/ground.ts';
import { CLOCK, open } from '../cluster.ts';
import { DISK, makeOwner, planFor } from '../jobs/bench.ts';
import { type LosingRelay, startLosingRelay } from '../losing-relay.ts';

/** Time that flies while somebody waits. */
let ahead = 0;
const HURRIED: Clock = {
  now: () => Date.now() + ahead,
  sleep: async (milliseconds, signal) => {
    ahead += milliseconds;
    await CLOCK.sleep(Math.min(milliseconds, 20), signal);
  },
};
const SIGNAL = AbortSignal.timeout(300_000);

let ground: Ground;
let namespace: string;
let relay: LosingRelay;
let cluster: Cluster;
before(async () => {
  ground = await Ground.start();
  namespace = ground.name('destination');
  await ground.namespace(namespace, {});
  relay = await startLosingRelay(ground.plane.api);
  cluster = await open(relay.kubeconfig, HURRIED);
});
after(async () => {
  cluster?.[Symbol.dispose]();
  await relay?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

interface Machine {
  readonly metadata: { readonly uid: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly runStrategy: string };
}

/** A migration whose disk is filled: nothing is missing but its VM. */
async function filled(name: string): Promise<{ readonly plan: VmPlan; readonly destination: ClusterDestination }> {
  relay.fate = () => 'passed';
  const owner = await makeOwner(ground, namespace, name);
  const { mapping, ...rest } = planFor({ name, storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', capacity: 1024 });
  const manifests = [...mapping.manifests, manifestOf(name)];
  const plan = { ...rest, mapping: { ...mapping, manifests, runStrategy: 'Always' } } as unknown as VmPlan;
  const destination = new ClusterDestination({ client: cluster.client, clock: HURRIED, owner, namespace });
  await destination.claim([plan], { resume: false, signal: SIGNAL });
  await destination.filled(plan, DISK, undefined, SIGNAL);
  return { plan, destination };
}

function manifestOf(name: string): object {
  const template = { spec: { domain: { devices: {} } } };
  return { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name }, spec: { runStrategy: 'Halted', template } };
}

const machines = (): string => `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`;
const instances = (): string => `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachineinstances`;

async function machine(name: string): Promise<Machine | undefined> {
  const { status, body } = await callApi(ground.plane.api, 'GET', `${machines()}/${name}`);
  return status === 404 ? undefined : (body as Machine);
}

async function strategyOf(name: string): Promise<string | undefined> {
  return (await machine(name))?.spec.runStrategy;
}

/** As KubeVirt does when a VM is to run. */
async function runInstance(name: string): Promise<void> {
  const object = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name },
    spec: { domain: { devices: {} } },
  };
  await expectApi(ground.plane.api, 'POST', instances(), object);
}

const isCreate = ({ method, url = '' }: IncomingMessage): boolean => method === 'POST' && url.includes('/virtualmachines');
const isPatch = ({ method, url = '' }: IncomingMessage): boolean => method === 'PATCH' && url.includes('/virtualmachines');
const asksForMachines = ({ url = '' }: IncomingMessage): boolean => url.includes('/virtualmachines');

/** From the first request that strikes on, nothing about VMs comes through. */
function darkAfter(strikes: (request: IncomingMessage) => boolean, fate: 'answer-lost' | 'late'): void {
  let struck = false;
  relay.fate = (request) => {
    if (struck && asksForMachines(request)) return 'lost';
    if (!strikes(request)) return 'passed';
    struck = true;
    return fate;
  };
}

test('a VM runs as it is to, once it is made, also where the answers were lost', async () => {
  const { plan, destination } = await filled('lost-answers');
  const lost = new Set<string>();
  relay.fate = (request) => {
    const { method = '' } = request;
    if (!(isCreate(request) || isPatch(request)) || lost.has(method)) return 'passed';
    lost.add(method);
    return 'answer-lost';
  };
  await destination.createVm(plan, SIGNAL);
  assert.deepEqual([...lost], ['POST', 'PATCH']);
  const made = await machine('lost-answers');
  assert.equal(made?.spec.runStrategy, 'Always');
  assert.deepEqual(made?.metadata.annotations ?? {}, {});
  await destination.createVm(plan, SIGNAL);
  assert.equal((await machine('lost-answers'))?.metadata.uid, made?.metadata.uid);
});

test('a VM that was made unheard does not run, is told as stopped at once, and is taken up by the next try', async () => {
  const { plan, destination } = await filled('unheard');
  darkAfter(isCreate, 'answer-lost');
  await assert.rejects(destination.createVm(plan, SIGNAL), { name: 'MigrationError' });
  const made = await machine('unheard');
  assert.equal(made?.spec.runStrategy, 'Halted');
  relay.fate = () => 'passed';
  assert.equal(await destination.discardVm(plan, SIGNAL), 'stopped');
  await destination.check([plan], { resume: true, signal: SIGNAL });
  await destination.createVm(plan, SIGNAL);
  const now = await machine('unheard');
  assert.equal(now?.metadata.uid, made?.metadata.uid);
  assert.equal(now?.spec.runStrategy, 'Always');
  assert.deepEqual(now?.metadata.annotations ?? {}, {});
});

test('a VM whose making arrives after nobody found it does not run', async () => {
  const { plan, destination } = await filled('made-late');
  darkAfter(isCreate, 'late');
  await assert.rejects(destination.createVm(plan, SIGNAL), { name: 'MigrationError' });
  relay.fate = () => 'passed';
  assert.equal(await destination.discardVm(plan, SIGNAL), 'never-there');
  assert.deepEqual(await relay.deliver(), [201]);
  assert.equal(await strategyOf('made-late'), 'Halted');
});

test('a VM that was told to run and is stopped is not started by that word, which arrives late', async () => {
  const { plan, destination } = await filled('told-late');
  darkAfter(isPatch, 'late');
  await assert.rejects(destination.createVm(plan, SIGNAL), { name: 'MigrationError' });
  relay.fate = () => 'passed';
  assert.equal(await destination.discardVm(plan, SIGNAL), 'stopped');
  const codes = await relay.deliver();
  assert.ok(codes.length > 0 && codes.every((code) => code === 422), codes.join(' '));
  assert.equal(await strategyOf('told-late'), 'Halted');
});

test('a VM that runs unheard is stopped, says why, and counts as stopped when no instance of it is left', async () => {
  const { plan, destination } = await filled('runs');
  darkAfter(isPatch, 'answer-lost');
  await assert.rejects(destination.createVm(plan, SIGNAL), { name: 'MigrationError' });
  assert.equal(await strategyOf('runs'), 'Always');
  await runInstance('runs');
  let looks = 0;
  relay.fate = ({ url = '' }) => {
    if (url.includes('/virtualmachineinstances')) looks += 1;
    return 'passed';
  };
  let answer: string | undefined;
  const discarded = destination.discardVm(plan, SIGNAL).then((said) => {
    answer = said;
  });
  await ground.until(async () => looks > 10, { namespace, operator: { log: () => '' }, every: 10 });
  assert.equal(answer, undefined, 'as long as an instance runs');
  assert.equal(await strategyOf('runs'), 'Halted');
  await assert.rejects(destination.check([plan], { resume: true, signal: SIGNAL }), { code: 'target-occupied' });
  await expectApi(ground.plane.api, 'DELETE', `${instances()}/runs`);
  await discarded;
  assert.equal(answer, 'stopped');
  assert.match(
    (await machine('runs'))?.metadata.annotations?.['kubeferry.dev/held-back'] ?? '',
    /^\d{4}-.*: the migration stopped/,
  );
});

test('who cannot see that a VM stops says that nobody can be sure', async () => {
  const { plan, destination } = await filled('stuck');
  await destination.createVm(plan, SIGNAL);
  await runInstance('stuck');
  const impatient = AbortSignal.timeout(500);
  await assert.rejects(destination.discardVm(plan, impatient), { code: 'target-not-stopped', place: { vm: 'stuck' } });
  relay.fate = (request) => (asksForMachines(request) ? 'lost' : 'passed');
  await assert.rejects(destination.discardVm(plan, AbortSignal.timeout(500)), { code: 'target-not-stopped' });
});

test("somebody else's VM of the same name is left as it is", async () => {
  const { plan, destination } = await filled('foreign');
  await expectApi(ground.plane.api, 'POST', machines(), {
    ...manifestOf('foreign'),
    spec: { runStrategy: 'Always', template: { spec: { domain: { devices: {} } } } },
  });
  await runInstance('foreign');
  assert.equal(await destination.discardVm(plan, SIGNAL), 'never-there');
  assert.equal(await strategyOf('foreign'), 'Always');
});
