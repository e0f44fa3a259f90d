/** A test over snapshots, on the real API server, with the test as the snapshot controller. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Cluster } from '../../../src/kube/index.ts';
import { TestCutovers } from '../../../src/kube/tests/test-cutovers.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { callApi, expectApi } from '../../peers/kubernetes-api.ts';
import { Ground } from '../../scenarios/cluster/ground.ts';
import { CLOCK, open } from '../cluster.ts';
import { makeOwner, planFor, startWorkers, type Workers } from '../jobs/bench.ts';

const SIGNAL = AbortSignal.timeout(120_000);
const MiB = 1024 * 1024;
const GROUP = 'snapshot.storage.k8s.io';

let ground: Ground;
let namespace: string;
let cluster: Cluster;
let workers: Workers;
before(async () => {
  ground = await Ground.start({ own: true });
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
  const tests = new TestCutovers({ client: cluster.client, clock: CLOCK, jobs: workers.jobs });
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

  const run = { owner, namespace, plan, by: chosen.by, since: new Date().toISOString() };
  assert.deepEqual(await tests.advance(run, SIGNAL), { holds: true, started: false });
  assert.deepEqual(await tests.advance(run, SIGNAL), { holds: true, started: false });
  const snapshots = `/apis/${GROUP}/v1/namespaces/${namespace}/volumesnapshots`;
  const snapshot = await ground.get(`${snapshots}/snap-disk-test`);
  const source = { persistentVolumeClaimName: 'snap-disk' };
  assert.deepEqual(snapshot?.spec, { volumeSnapshotClassName: 'quick', source });
  await expectApi(api, 'PATCH', `${snapshots}/snap-disk-test`, { status: { readyToUse: true } });
  assert.deepEqual(await tests.advance(run, SIGNAL), { holds: false, started: true });
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
