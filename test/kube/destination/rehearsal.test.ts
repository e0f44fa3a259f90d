/** What making a VM would fail for is told while its source runs: on the real API server, with its quotas and its own validation. Nothing is stored. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ClusterDestination } from '../../../src/kube/destination/cluster-destination.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { expectApi } from '../../peers/kubernetes-api.ts';
import { Ground } from '../../scenarios/cluster/ground.ts';
import { CLOCK, open } from '../cluster.ts';
import { makeOwner, planFor } from '../jobs/bench.ts';

const SIGNAL = AbortSignal.timeout(300_000);
const MiB = 1024 * 1024;

let ground: Ground;
let namespace: string;
let cluster: Cluster;
before(async () => {
  ground = await Ground.start();
  namespace = ground.name('rehearsal');
  await ground.namespace(namespace, {});
  cluster = await open(ground.plane.kubeconfig());
});
after(async () => {
  cluster?.[Symbol.dispose]();
  await ground?.[Symbol.asyncDispose]();
});

interface Wanted {
  readonly storageClass?: string;
  readonly capacity?: number;
  readonly spec?: object;
  readonly networks?: readonly object[];
}

/** A warm migration whose claim is there. */
async function standing(name: string, { storageClass = STORAGE_CLASSES.immediate, capacity = MiB, ...wanted }: Wanted = {}) {
  const owner = await makeOwner(ground, namespace, name);
  const { mapping, ...rest } = planFor({ name, storageClass, volumeMode: 'Filesystem', capacity: MiB });
  const template = { spec: { domain: { devices: {} }, networks: wanted.networks ?? [] } };
  const machine = {
    ...{ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name } },
    spec: { runStrategy: 'Halted', template, ...wanted.spec },
  };
  const vm = { ...rest.vm, disks: rest.vm.disks.map((disk) => ({ ...disk, capacity })) };
  const more = { manifests: [...mapping.manifests, machine], runStrategy: 'Always' };
  const plan = { ...rest, vm, type: 'warm', mapping: { ...mapping, ...more } } as unknown as VmPlan;
  const destination = new ClusterDestination({ client: cluster.client, clock: CLOCK, owner, namespace });
  await destination.claim([plan], { resume: false, signal: SIGNAL });
  const isBound = async () => (await ground.claim(namespace, `${name}-disk`))?.status?.phase === 'Bound';
  if (storageClass === STORAGE_CLASSES.immediate) await ground.until(isBound);
  return { plan, ready: () => destination.makeReady(plan, SIGNAL) };
}

test('a VM that can be made is ready, and nothing of it is stored', async () => {
  const { ready } = await standing('fine');
  await ready();
  assert.deepEqual(await ground.machines(namespace), []);
});

test('claims without a volume have to be copied to anew, and one that is too small is told with both sizes', async () => {
  const unbound = await standing('unbound', { storageClass: STORAGE_CLASSES.late });
  await assert.rejects(unbound.ready(), { code: 'target-changed' });
  const small = await standing('small', { capacity: 1024 * MiB });
  await assert.rejects(small.ready(), { code: 'space-insufficient', message: /has 65\.0 MiB, and its disk 1\.00 GiB/ });
});

test('what the API server would refuse, a name that is taken and a network that is not there are told before the source is stopped', async () => {
  const refused = await standing('refused', { spec: { noSuchField: true } });
  await assert.rejects(refused.ready(), { code: 'cluster-refused', message: /noSuchField/ });
  const taken = await standing('taken');
  await expectApi(ground.plane.api, 'POST', `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`, {
    ...{ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'taken' } },
    spec: { runStrategy: 'Halted', template: { spec: { domain: { devices: {} } } } },
  });
  await assert.rejects(taken.ready(), { code: 'target-occupied' });
  const networks = [{ name: 'lan', multus: { networkName: 'elsewhere/vlan-7' } }];
  const apart = await standing('apart', { networks });
  await assert.rejects(apart.ready(), { code: 'target-network-missing', message: /vlan-7 in elsewhere/ });
});

test('a quota of the namespace that leaves no VM is told before the source is stopped', async () => {
  const { ready } = await standing('counted');
  const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
  const hard = { 'count/virtualmachines.kubevirt.io': '1' };
  await expectApi(ground.plane.api, 'POST', quotas, { metadata: { name: 'few' }, spec: { hard } });
  // The controller that counts hears of kinds that are new minutes later.
  const counted = { status: { hard, used: hard } };
  await expectApi(ground.plane.api, 'PATCH', `${quotas}/few/status`, counted);
  await assert.rejects(ready(), { code: 'quota-exceeded' });
});
