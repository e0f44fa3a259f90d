/**
 * A file behind HTTPS as a source, hooks on its way, claims as CDI's profiles have them, and what all that costs the API server. The operator runs in
 * this process, so that its writes can be counted; workers have no right to write anything.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open as openFile, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { KubeClient, ResourceType } from '../../src/kube/client/kube-client.ts';
import type { Cluster } from '../../src/kube/index.ts';
import { workerSetup } from '../../src/kube/jobs/worker-setup.ts';
import { operatorCluster } from '../../src/kube/operator-cluster.ts';
import { run } from '../../src/operator/run.ts';
import { connect, createLog } from '../../src/wire.ts';
import { buildGuest, GUEST_NAME } from '../demo/guest/build.ts';
import { GUEST_DISK_BYTES, guestDisk } from '../demo/guest/disk.ts';
import { CLOCK, open } from '../kube/cluster.ts';
import { cdiDefinitions } from '../peers/definitions.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { callApi, expectApi } from '../peers/kubernetes-api.ts';
import { type Nginx, startNginx } from '../peers/nginx.ts';
import { Ground, IMAGES } from './cluster/ground.ts';

const HOOK = 'kubeferry.example/hook:1';
const MiB = 1024 * 1024;
/** Of a VM and what is made for it; those of plans and providers are shared by all their VMs. */
const OF_VM = new Set([
  'VmMigration',
  'ConfigMap',
  'Event',
  'PersistentVolumeClaim',
  'Job',
  'VirtualMachine',
  'ServiceAccount',
  'Role',
]);

let ground: Ground;
let folder: string;
let nginx: Nginx;
let namespace: string;
let cluster: Cluster;
let operating: Promise<void>;
const stop = new AbortController();
const writes: string[] = [];

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-sources-'));
  const [started, ova] = await Promise.all([
    Ground.start({ images: { [HOOK]: ['sh', '-c', 'echo "$KUBEFERRY_HOOK of $KUBEFERRY_VM" > /dev/termination-log'] } }),
    buildGuest(folder),
  ]);
  ground = started;
  await copyFile(ova, path.join(folder, 'export.ova'));
  nginx = await startNginx({ root: folder });
  namespace = ground.name('sources');
  await ground.namespace(namespace, {});
  await ground.secret(namespace, 'files', { 'ca.crt': nginx.certificate.certificate });
  cluster = await open(ground.plane.kubeconfig());
  const client = counting(cluster.client);
  const workers = workerSetup(IMAGES.worker);
  const about = { client, clock: CLOCK, namespace, instance: 'test', workers, lookEvery: 200, signal: stop.signal };
  const parts = operatorCluster({ ...about, onTrouble: () => undefined });
  operating = run({ ...parts, clock: CLOCK, log: createLog('error'), connect }, stop.signal);
});
after(async () => {
  stop.abort();
  await operating;
  cluster?.[Symbol.dispose]();
  await nginx?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Remembers the kind of each object that is written. */
function counting(client: KubeClient): KubeClient {
  const noted = ({ kind }: ResourceType): KubeClient => {
    writes.push(kind);
    return client;
  };
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    watch: (...args) => client.watch(...args),
    read: (...args) => client.read(...args),
    readBytes: (...args) => client.readBytes(...args),
    create: (...args) => noted(args[0]).create(...args),
    apply: (...args) => noted(args[0]).apply(...args),
    patch: (...args) => noted(args[0]).patch(...args),
    delete: (...args) => noted(args[0]).delete(...args),
  };
}

async function completed(plan: string): Promise<void> {
  const operator = { log: () => '', [Symbol.asyncDispose]: () => Promise.resolve() };
  await ground.until(async () => (await ground.stateOf(namespace, plan)) === 'Completed', { namespace, operator });
}

test('an OVA behind HTTPS arrives on a block device, hooks run on its way, and all of it takes 30 writes at most', async () => {
  const images = { claim: 'images', path: 'fetched/guest.ova', url: `${nginx.origin}/export.ova` };
  await ground.make(namespace, 'providers', 'files', { type: 'image', images, secretRef: { name: 'files' } });
  const ready = () => ground.get(`/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/providers/files`);
  await ground.until(async () => (await ready())?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True');
  writes.length = 0;
  await ground.make(namespace, 'migrationplans', 'first', {
    providerRef: { name: 'files' },
    selection: { where: ['name=*'] },
    storageMap: {
      entries: [{ source: { storage: '*' }, target: { storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Block' } }],
    },
    hooks: [{ at: 'BeforeCutover', image: HOOK }],
  });
  await completed('first');
  const [claim] = await ground.claims(namespace);
  await using device = await openFile(await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? ''));
  const bytes = Buffer.alloc(GUEST_DISK_BYTES);
  await device.read(bytes, 0, bytes.length, 0);
  assert.ok(bytes.equals(guestDisk()));
  const [vm] = await ground.migrations(namespace);
  const hooks = (vm?.status?.['hooks'] ?? []) as readonly { readonly message: string; readonly outcome: string }[];
  assert.deepEqual(
    hooks.map(({ message, outcome }) => [message, outcome]),
    [[`BeforeCutover of ${GUEST_NAME}`, 'succeeded']],
  );
  const ofVm = writes.filter((kind) => OF_VM.has(kind));
  const counts = Object.entries(Object.groupBy(ofVm, (kind) => kind)).map(([kind, all]) => `${kind} ${all?.length}`);
  assert.ok(ofVm.length <= 30, `${ofVm.length} writes: ${counts.join(', ')}`);
});

test('a claim has the mode of the StorageProfile and the overhead of the CDIConfig, where the plan says nothing', async () => {
  const definitions = (await cdiDefinitions()).filter(({ spec }) => /^(StorageProfile|CDIConfig|CDI)$/.test(spec.names.kind));
  for (const definition of definitions) await expectApi(ground.plane.api, 'POST', DEFINITIONS, definition);
  for (const { spec } of definitions) {
    const collection = `/apis/${spec.group}/v1beta1/${spec.names.plural}`;
    await ground.until(async () => (await callApi(ground.plane.api, 'GET', collection)).status === 200);
  }
  const sets = [{ accessModes: ['ReadWriteMany'], volumeMode: 'Filesystem' }];
  await put('cdiconfigs', 'CDIConfig', 'config', {
    filesystemOverhead: { global: '0.06', storageClass: { [STORAGE_CLASSES.late]: '0.25' } },
  });
  await put('storageprofiles', 'StorageProfile', STORAGE_CLASSES.late, { claimPropertySets: sets });
  await ground.make(namespace, 'migrationplans', 'second', {
    providerRef: { name: 'files' },
    selection: { where: ['name=*'] },
    options: { vmNames: 'second-{vm}' },
    storageMap: { entries: [{ source: { storage: '*' }, target: { storageClass: STORAGE_CLASSES.late } }] },
  });
  await completed('second');
  const claim = (await ground.claims(namespace)).find(({ metadata }) => metadata.name.startsWith('second-'));
  assert.deepEqual(claim?.spec?.['accessModes'], ['ReadWriteMany']);
  assert.equal(claim?.spec?.['volumeMode'], 'Filesystem');
  const resources = claim?.spec?.['resources'] as { readonly requests: { readonly storage: string } } | undefined;
  assert.equal(resources?.requests.storage, `${(GUEST_DISK_BYTES / MiB) * 1.25}Mi`);
  const volume = await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? '');
  assert.ok((await readFile(path.join(volume, 'disk.img'))).equals(guestDisk()));
});

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

async function put(plural: string, kind: string, name: string, status: object): Promise<void> {
  const collection = `/apis/cdi.kubevirt.io/v1beta1/${plural}`;
  await expectApi(ground.plane.api, 'POST', collection, {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind,
    metadata: { name },
    spec: {},
    status,
  });
  await callApi(ground.plane.api, 'PATCH', `${collection}/${name}/status`, { status });
}
