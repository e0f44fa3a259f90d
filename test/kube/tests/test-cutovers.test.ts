/** Tests of targets on the real API server: over snapshots, with the test as the snapshot controller, and of a guest that cannot be converted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ClusterDestination } from '../../../src/kube/destination/cluster-destination.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { workerSetup } from '../../../src/kube/jobs/worker-setup.ts';
import { TestCutovers } from '../../../src/kube/tests/test-cutovers.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { callApi, expectApi } from '../../peers/kubernetes-api.ts';
import { Ground, IMAGES } from '../../scenarios/cluster/ground.ts';
import { CLOCK, open } from '../cluster.ts';
import { DISK, makeOwner, planFor, startWorkers, type Workers } from '../jobs/bench.ts';

const SIGNAL = AbortSignal.timeout(120_000);
const MiB = 1024 * 1024;
const GROUP = 'snapshot.storage.k8s.io';
/** A worker that cannot convert a guest. */
const FAILS = 'kubeferry.example/fails:1';

let ground: Ground;
let namespace: string;
let cluster: Cluster;
let workers: Workers;
before(async () => {
  const failure = { code: 'guest-hibernated', message: 'It sleeps.', hint: '' };
  const says = `echo '{"guest":"Picking a kernel"}'; sleep 2; echo '${JSON.stringify({ failure })}' > /dev/termination-log; exit 2`;
  ground = await Ground.start({ own: true, images: { [`${FAILS}-conversion`]: ['sh', '-c', says] } });
  namespace = ground.name('tested');
  await ground.namespace(namespace, {});
  cluster = await open(ground.plane.kubeconfig());
  workers = await startWorkers(cluster.client, namespace);
  await define('VolumeSnapshotClass', 'Cluster');
  await define('VolumeSnapshot', 'Namespaced');
});
after(async () => {
  await workers?.[Symbol.asyncDispose]();
  cluster?.[Symbol.dispose]();
  await ground?.[Symbol.asyncDispose]();
});

async function define(kind: string, scope: 'Cluster' | 'Namespaced'): Promise<void> {
  const plural = kind === 'VolumeSnapshot' ? 'volumesnapshots' : 'volumesnapshotclasses';
  const names = { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  // Kubernetes wants its own groups to be approved.
  const annotations = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-csi/external-snapshotter/pull/814' };
  await expectApi(ground.plane.api, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `${plural}.${GROUP}`, annotations },
    spec: { group: GROUP, scope, names, versions: [{ name: 'v1', served: true, storage: true, schema }] },
  });
  await ground.until(async () => (await callApi(ground.plane.api, 'GET', `/apis/${GROUP}/v1/${plural}`)).status === 200);
}

function testsOf({ jobs }: Workers, image: string = IMAGES.worker): TestCutovers {
  return new TestCutovers({ client: cluster.client, clock: CLOCK, jobs, setup: workerSetup(image) });
}

test('a target is held until its snapshot is taken, its clone is made from that, and the end removes all three', async () => {
  const { api } = ground.plane;
  const owner = await makeOwner(ground, namespace, 'snap');
  const { mapping, ...rest } = planFor({
    ...{ name: 'snap', storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Block', capacity: MiB },
  });
  const spec = {
    runStrategy: 'Halted',
    template: {
      spec: {
        domain: { devices: { disks: [{ name: 'disk', disk: { bus: 'virtio' } }], interfaces: [] } },
        volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'snap-disk' } }],
      },
    },
  };
  const machine = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'snap' }, spec };
  const plan = { ...rest, mapping: { ...mapping, manifests: [...mapping.manifests, machine] } } as unknown as VmPlan;
  const tests = testsOf(workers);
  assert.equal((await tests.choose(plan, SIGNAL)).by, 'copy');

  const { body } = await callApi(api, 'GET', `/apis/storage.k8s.io/v1/storageclasses/${STORAGE_CLASSES.immediate}`);
  const { provisioner: driver } = body as { readonly provisioner: string };
  const made = {
    apiVersion: `${GROUP}/v1`,
    kind: 'VolumeSnapshotClass',
    metadata: { name: 'quick' },
    driver,
    deletionPolicy: 'Delete',
  };
  await expectApi(api, 'POST', `/apis/${GROUP}/v1/volumesnapshotclasses`, made);
  const chosen = await tests.choose(plan, SIGNAL);
  assert.deepEqual([chosen.by, chosen.vm], ['snapshot', 'snap-test']);
  assert.match(chosen.because, /has the VolumeSnapshotClass quick/);

  const run = { owner, namespace, plan, by: chosen.by, since: new Date().toISOString(), converting: false };
  assert.deepEqual(await tests.advance(run, SIGNAL), { holds: true, state: 'cloning' });
  assert.deepEqual(await tests.advance(run, SIGNAL), { holds: true, state: 'cloning' });
  const snapshots = `/apis/${GROUP}/v1/namespaces/${namespace}/volumesnapshots`;
  const snapshot = await ground.get(`${snapshots}/snap-disk-test`);
  const source = { persistentVolumeClaimName: 'snap-disk' };
  assert.deepEqual(snapshot?.spec, { volumeSnapshotClassName: 'quick', source });
  await expectApi(api, 'PATCH', `${snapshots}/snap-disk-test`, { status: { readyToUse: true } });
  assert.deepEqual(await tests.advance(run, SIGNAL), { holds: false, state: 'started' });
  const clone = await ground.claim(namespace, 'snap-disk-test');
  assert.deepEqual(clone?.spec?.['dataSource'], { apiGroup: GROUP, kind: 'VolumeSnapshot', name: 'snap-disk-test' });
  assert.deepEqual(
    (await ground.machines(namespace)).map(({ metadata }) => metadata.name),
    ['snap-test'],
  );

  await tests.end(run, SIGNAL);
  assert.deepEqual(await ground.machines(namespace), []);
  assert.equal(await ground.get(`${snapshots}/snap-disk-test`), undefined);
  await ground.until(async () => (await ground.claim(namespace, 'snap-disk-test')) === undefined);
  await tests.end(run, SIGNAL);
});

test('a guest that cannot be converted fails its test and nothing else, and a clone that is gone is not made again', async () => {
  const owner = await makeOwner(ground, namespace, 'odd');
  const { vm, ...rest } = planFor({
    ...{ name: 'odd', storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Block', capacity: MiB },
  });
  const plan = { ...rest, vm: { ...vm, nics: [] }, conversion: { policy: 'convert' } } as unknown as VmPlan;
  const destination = new ClusterDestination({ client: cluster.client, clock: CLOCK, owner, namespace });
  await destination.claim([plan], { resume: false, signal: SIGNAL });
  await destination.filled(plan, DISK, 'aa', SIGNAL);
  await ground.until(async () => (await ground.claim(namespace, 'odd-disk'))?.status?.['phase'] === 'Bound');
  const target = await ground.claim(namespace, 'odd-disk');
  await using failing = await startWorkers(cluster.client, namespace, { image: FAILS });
  const tests = testsOf(failing, FAILS);
  const run = { owner, namespace, plan, by: 'csi-clone', since: new Date().toISOString(), converting: false } as const;
  const first = await tests.advance(run, SIGNAL);
  assert.deepEqual(first, { holds: true, state: 'converting' });
  let standing = first;
  const told = new Set<string | undefined>();
  await ground.until(async () => {
    // As after a restart: nothing is remembered.
    standing = await testsOf(failing, FAILS).advance({ ...run, converting: true }, SIGNAL);
    told.add(standing.doing);
    return standing.state !== 'converting';
  });
  assert.ok(told.has('Picking a kernel'), [...told].join());
  assert.deepEqual([standing.state, standing.holds, standing.failure?.code], ['failed', false, 'guest-hibernated']);
  const [job, ...others] = await ground.jobs(namespace);
  assert.deepEqual(others, []);
  const request = JSON.stringify(job);
  assert.match(request, /"claimName":"odd-disk-test"/);
  assert.doesNotMatch(request, /"claimName":"odd-disk"/);
  const after = await ground.claim(namespace, 'odd-disk');
  assert.deepEqual(after?.metadata, target?.metadata, 'the target is not touched');
  assert.deepEqual(await ground.machines(namespace), []);

  await tests.end(run, SIGNAL);
  await ground.until(async () => (await ground.jobs(namespace)).length === 0);
  const left = async (): Promise<readonly string[]> => (await ground.claims(namespace)).map(({ metadata }) => metadata.name);
  await ground.until(async () => (await left()).length === 1);
  assert.deepEqual(await left(), ['odd-disk'], 'nothing is left of its clone, nor of what the conversion needed');
  const late = await tests.advance({ ...run, converting: true }, SIGNAL);
  assert.equal(late.failure?.code, 'target-changed');
  assert.deepEqual(await left(), ['odd-disk']);
});
