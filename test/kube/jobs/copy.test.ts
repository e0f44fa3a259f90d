/** Disks that workers copy: on the real control plane, with Pods that run, in a namespace that enforces the restricted level. */
import assert from 'node:assert/strict';
import { mkdtemp, open as openFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { RecordedVm } from '../../../src/contracts/worker-order.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { ImageRecord, readRecord } from '../../../src/kube/jobs/image-record.ts';
import { STANDS_BY } from '../../../src/kube/jobs/job-views.ts';
import { workerJob } from '../../../src/kube/jobs/worker-pod.ts';
import { type WorkerSetup, workerSetup } from '../../../src/kube/jobs/worker-setup.ts';
import { SERVICE_ACCOUNTS } from '../../../src/kube/kinds.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { DiskSource, TransferJob, TransferProgress } from '../../../src/model/transfer.ts';
import { connect } from '../../../src/wire.ts';
import { randomWords } from '../../demo/guest/disk.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { callApi, expectApi } from '../../peers/kubernetes-api.ts';
import type { SimulatedGuest } from '../../peers/vcenter/guest.ts';
import { startVcenter, type Vcenter } from '../../peers/vcenter.ts';
import { Ground } from '../../scenarios/cluster/ground.ts';
import { open } from '../cluster.ts';
import { copyDisk, copying, makeOwner, planFor, startWorkers, type Workers } from './bench.ts';

const MiB = 1024 * 1024;
const CAPACITY = 96 * MiB;
const NAMESPACE = 'copies';
const LIBRARY = 'vmware-vix-disklib-distrib/lib64/libvixDiskLib.so.8';
const READ = '{"result":{"job":"vddk","transport":"vddk"}}';
/** An image that brings a library as those with VDDK do, and a worker that looks whether it is there. */
const VDDK = {
  'vddk.example/vddk:8': ['sh', '-c', `mkdir -p /opt/${path.dirname(LIBRARY)} && touch /opt/${LIBRARY}`],
  'kubeferry.example/looks:1': [
    'sh',
    '-c',
    `test -f "$KUBEFERRY_VDDK_LIBDIR/lib64/libvixDiskLib.so.8" && echo '${READ}' > /dev/termination-log`,
  ],
};
const LATER = { signal: AbortSignal.timeout(600_000) };

let ground: Ground;
let cluster: Cluster;
let workers: Workers;
let folder: string;
let vcenter: Vcenter;
let guest: SimulatedGuest;
let remote: DiskSource;
const image = Buffer.alloc(8 * MiB);

before(async () => {
  const next = randomWords(7);
  for (let at = 0; at < image.length; at += 4096) image.writeUInt32LE(next(), at);
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-copies-'));
  await writeFile(path.join(folder, 'disk.raw'), image);
  [ground, vcenter] = await Promise.all([
    Ground.start({ images: VDDK }),
    startVcenter({ vms: 1, clusters: 0, autostart: false }),
  ]);
  guest = await vcenter.guest('DC0_H0_VM0', { capacity: CAPACITY, seed: 11 });
  await ground.namespace(NAMESPACE, { 'disk.raw': path.join(folder, 'disk.raw') });
  const { username: user, password, thumbprint } = vcenter;
  await ground.secret(NAMESPACE, 'vcenter', { user, password, thumbprint: thumbprint.sha256 });
  cluster = await open(ground.plane.kubeconfig());
  workers = await startWorkers(cluster.client, NAMESPACE);
  const signal = AbortSignal.timeout(60_000);
  await using connection = await connect(`vsphere://${vcenter.host}:${vcenter.port}`, {
    signal,
    credentials: () => Promise.resolve({ user, password }),
    trust: { thumbprint: thumbprint.sha256 },
  });
  for await (const vm of connection.vms(signal)) {
    const [disk] = vm.disks;
    if (vm.name === 'DC0_H0_VM0' && disk !== undefined) remote = await connection.openDisk(vm.ref, disk.key, signal);
  }
});
after(async () => {
  await workers?.[Symbol.asyncDispose]();
  cluster?.[Symbol.dispose]();
  await ground?.[Symbol.asyncDispose]();
  await vcenter?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const local = (): DiskSource => ({
  kind: 'image',
  layers: [{ format: 'raw', slices: [{ path: '/source/disk.raw', offset: 0, length: image.length }] }],
  capacity: image.length,
});

function server() {
  const { host, port } = vcenter;
  const url = `vsphere://${host}:${port}`;
  return { kind: 'server', server: { url, insecure: false, transport: 'range' }, secret: 'vcenter' } as const;
}

async function contentOf(claim: string, block: boolean, length: number): Promise<Buffer> {
  const volume = await ground.kubelet.volumePath(NAMESPACE, claim);
  await using file = await openFile(block ? volume : path.join(volume, 'disk.img'));
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, 0);
  return bytes;
}

type Pod = {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: Record<string, unknown>;
  readonly status: { readonly phase: string };
};

async function podsOf(owner: string): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=kubeferry.dev%2Fmigration%3D${owner}`;
  return (await expectApi<{ items: readonly Pod[] }>(ground.plane.api, 'GET', path)).items;
}

test('an image on a claim arrives on a claim with a file system, by a worker that has no token', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'plain');
  const plan = planFor({ name: 'plain', storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', capacity: image.length });
  const result = await copyDisk({
    ...cluster,
    ...workers,
    owner,
    plan,
    from: { kind: 'images', claim: 'images' },
    source: local(),
  });
  assert.equal(result.size, image.length);
  assert.ok((await contentOf('plain-disk', false, image.length)).equals(image));
  const [pod, ...others] = await podsOf(owner.uid);
  assert.deepEqual(others, []);
  assert.equal(pod?.spec['automountServiceAccountToken'], false);
  assert.ok(!JSON.stringify(pod?.spec['volumes']).includes('kube-api-access'));
});

test('a disk that is complete is not copied again in the next try, unless its source has run since', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'again');
  const plan = planFor({ name: 'again', storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', capacity: image.length });
  const copy = { ...cluster, ...workers, owner, plan, from: { kind: 'images', claim: 'images' } as const, source: local() };
  const first = await copyDisk(copy);
  const kept = await copyDisk({ ...copy, attempt: 1 }, { earlier: new Map([[first.job, first]]) });
  assert.deepEqual(kept, { ...first, moved: 0 });
  assert.equal((await podsOf(owner.uid)).length, 1);
  const file = path.join(await ground.kubelet.volumePath(NAMESPACE, 'images'), 'disk.raw');
  const changed = Buffer.from(image).fill(0x5a, 1000, 9000);
  await writeFile(file, changed);
  await copyDisk({ ...copy, attempt: 1 });
  assert.ok((await contentOf('again-disk', false, image.length)).equals(changed));
  await writeFile(file, image);
});

/** Kills, or sends away, the worker once its journal says that something is done, and returns what the second one moved. */
async function interrupted(name: string, volumeMode: 'Filesystem' | 'Block', end: (pod: string) => Promise<void>) {
  const owner = await makeOwner(ground, NAMESPACE, name);
  const plan = planFor({ name, storageClass: STORAGE_CLASSES.immediate, volumeMode, capacity: CAPACITY });
  vcenter.clearFaults();
  const match = ({ path: asked }: { readonly path: string }): boolean => asked.startsWith('/folder/');
  vcenter.script({ match, times: 14, fault: { kind: 'slow', ms: 1200 } });
  // The rest does not come before the worker is gone, however long the cluster takes to tell how far it is.
  vcenter.script({ match, times: 100_000, fault: { kind: 'slow', ms: 15_000 } });
  const seen: TransferProgress[] = [];
  const onProgress = (progress: TransferProgress): void => void seen.push(progress);
  const copying = copyDisk({ ...cluster, ...workers, owner, plan, from: server(), source: remote }, { onProgress });
  let pods: readonly Pod[] = [];
  await ground.until(async () => {
    pods = await podsOf(owner.uid);
    return seen.some(({ done }) => done > 24 * MiB);
  });
  const [first] = pods.filter(({ status }) => status.phase === 'Running');
  await end(first?.metadata.name ?? '');
  vcenter.clearFaults();
  return { result: await copying };
}

test('a worker that is killed is followed by one that goes on at the journal of a block device, which is gone in the end', async () => {
  const { result } = await interrupted('killed', 'Block', async (pod) => {
    // Committed at least once by then: every two seconds while it comes.
    await ground.until(async () => (await journalOf('killed')) > 1000);
    ground.kubelet.kill(NAMESPACE, pod);
  });
  assert.ok((await contentOf('killed-disk', true, CAPACITY)).equals(guest.disks[0]?.content() ?? Buffer.alloc(0)));
  assert.ok(result.moved > 0 && result.moved < result.allocated, `${result.moved} of ${result.allocated} bytes were moved again`);
  await ground.until(async () => (await journalClaim('killed')) === undefined);
});

for (const volumeMode of ['Filesystem', 'Block'] as const) {
  test(`a target that was finished is opened again by the next try, on a claim of mode ${volumeMode}`, async () => {
    const name = `reopened-${volumeMode.toLowerCase()}`;
    const owner = await makeOwner(ground, NAMESPACE, name);
    const plan = planFor({ name, storageClass: STORAGE_CLASSES.immediate, volumeMode, capacity: image.length });
    const copy = { ...cluster, ...workers, owner, plan, from: { kind: 'images', claim: 'images' } as const, source: local() };
    const file = path.join(await ground.kubelet.volumePath(NAMESPACE, 'images'), 'disk.raw');
    const disk = Buffer.from(image);
    const passes: (number | undefined)[] = [];
    for (const [attempt, more] of [
      [0, { staysOpen: true, snapshot: '1' }],
      [0, { delta: {} }],
      [1, { delta: {}, staysOpen: true, snapshot: '2' }],
      [1, { delta: {} }],
    ] as const) {
      disk.write(`pass ${passes.length}`, passes.length * MiB);
      await writeFile(file, disk);
      passes.push((await copyDisk({ ...copy, attempt, more })).passes);
    }
    assert.deepEqual(passes, [1, 2, 3, 4], 'each goes on from what the one before left');
    assert.ok((await contentOf(`${name}-disk`, volumeMode === 'Block', image.length)).equals(disk));
    await writeFile(file, image);
    assert.equal((await journalClaim(name)) !== undefined, volumeMode === 'Block');
    const { copier, job } = await copying(copy);
    await copier.forget(job, LATER.signal);
    await ground.until(async () => (await journalClaim(name)) === undefined);
  });
}

test('the hashes of a device that is changed next are kept as long as they may be needed', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'hashed');
  const plan = planFor({ name: 'hashed', storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Block', capacity: image.length });
  const from = { kind: 'images', claim: 'images' } as const;
  const copy = { ...cluster, ...workers, owner, plan, from, source: local(), more: { keepsHashes: true } };
  await copyDisk(copy);
  const claim = await journalClaim('hashed');
  const volume = await ground.kubelet.volumePath(NAMESPACE, claim?.metadata.name ?? '');
  assert.deepEqual(await readdir(volume), ['journal.hashes']);
  const { copier, job } = await copying(copy);
  await copier.forget(job, LATER.signal);
  await ground.until(async () => (await journalClaim('hashed')) === undefined);
});

test('a worker stands by with its volumes until it is called, and another one comes in its place where it was lost', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'warm');
  const target = { name: 'warm', storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Block', capacity: image.length } as const;
  const copy = { ...cluster, ...workers, owner, plan: planFor(target), from: { kind: 'images', claim: 'images' } as const };
  const pass = (attempt: number, more: Partial<TransferJob>) => copying({ ...copy, source: local(), attempt, more });
  const standing = async (): Promise<readonly Pod[]> => {
    const pods = await podsOf(owner.uid);
    return pods.filter(({ metadata, status }) => metadata.labels[STANDS_BY] !== undefined && status.phase === 'Running');
  };
  const first = await pass(0, { staysOpen: true, snapshot: '1' });
  const options = { ...LATER, onProgress: () => undefined };
  await first.copier.copy(first.job, options);
  await first.copier.release(first.job, LATER.signal);

  const file = path.join(await ground.kubelet.volumePath(NAMESPACE, 'images'), 'disk.raw');
  const changed = Buffer.from(image).fill(0x5a, 1000, 9000);
  await writeFile(file, changed);
  const { copier, job } = await pass(0, { delta: {} });
  await copier.standBy([job], LATER);
  const [lost] = await standing();
  // Whoever comes back finds it.
  await (await pass(0, { delta: {} })).copier.standBy([job], LATER);
  assert.deepEqual(await standing(), [lost]);
  await expectApi(ground.plane.api, 'DELETE', `/api/v1/namespaces/${NAMESPACE}/pods/${lost?.metadata.name}`);
  await ground.until(async () => (await standing()).some(({ metadata }) => metadata.name !== lost?.metadata.name));
  const ran = (await standing()).map(({ metadata }) => metadata.name);
  const result = await copier.copy(job, options);
  assert.equal(result.passes, 2);
  assert.ok((await contentOf('warm-disk', true, image.length)).equals(changed));
  const done = (await podsOf(owner.uid))
    .filter(({ status }) => status.phase === 'Succeeded')
    .map(({ metadata }) => metadata.name);
  assert.deepEqual(done, ran, 'the one that stood by did it');
  await copier.release(job, LATER.signal);

  // One that was not needed goes, and one that ended uncalled is replaced by one that begins at once.
  const next = await pass(1, { delta: {} });
  await next.copier.standBy([next.job], LATER);
  await next.copier.standDown([next.job], LATER.signal);
  assert.deepEqual(await podsOf(owner.uid), []);
  await next.copier.standBy([next.job], LATER);
  const [idle] = await standing();
  await writeFile(file, image);
  const order = JSON.stringify({ kind: 'probe', asked: [], seconds: 1 });
  await expectApi(ground.plane.api, 'PATCH', `/api/v1/namespaces/${NAMESPACE}/pods/${idle?.metadata.name}`, {
    metadata: { annotations: { 'kubeferry.dev/order': order } },
  });
  await ground.until(async () => (await podsOf(owner.uid)).every(({ status }) => status.phase === 'Succeeded'));
  await next.copier.copy(next.job, options);
  assert.ok((await contentOf('warm-disk', true, image.length)).equals(image));
  await next.copier.release(next.job, LATER.signal);
});

test('a worker that is evicted commits what it has, and is no failure', async () => {
  const { result } = await interrupted('evicted', 'Filesystem', async (pod) => {
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: NAMESPACE } };
    const { status } = await callApi(ground.plane.api, 'POST', `/api/v1/namespaces/${NAMESPACE}/pods/${pod}/eviction`, body);
    assert.equal(status, 201);
  });
  assert.ok((await contentOf('evicted-disk', false, CAPACITY)).equals(guest.disks[0]?.content() ?? Buffer.alloc(0)));
  assert.ok(result.moved < result.allocated - 16 * MiB, `${result.moved} of ${result.allocated} bytes were moved again`);
  const jobs = await ground.jobs(NAMESPACE);
  assert.equal(jobs.find(({ metadata }) => metadata.name.startsWith('evicted'))?.status?.['failed'] ?? 0, 0);
});

/** What a copy waits for, as the status would say it. Nothing of it is left. */
async function obstacle(
  name: string,
  about: { readonly storageClass?: string; readonly setup?: Partial<WorkerSetup> },
): Promise<string> {
  const { storageClass = STORAGE_CLASSES.late, setup = {} } = about;
  const owner = await makeOwner(ground, NAMESPACE, name);
  const plan = planFor({ name, storageClass, volumeMode: 'Filesystem', capacity: image.length });
  await using special = await startWorkers(cluster.client, NAMESPACE, setup);
  const stop = new AbortController();
  const said = Promise.withResolvers<string>();
  const onWait = (because: string | undefined): void => {
    if (because !== undefined) said.resolve(because);
  };
  const from = { kind: 'images', claim: 'images' } as const;
  const copying = copyDisk({ ...cluster, ...special, owner, plan, from, source: local() }, { onWait, signal: stop.signal });
  copying.catch(said.reject);
  const because = await said.promise;
  stop.abort(new Error('enough'));
  await assert.rejects(copying, /enough/);
  assert.deepEqual(await podsOf(owner.uid), [], 'its Pod is gone');
  return because;
}

test('what keeps a worker from running is said in words', async () => {
  assert.match(await obstacle('image', { setup: { image: 'kubeferry.example/none:1' } }), /^its worker: ErrImagePull: .*none:1/);
  assert.match(
    await obstacle('node', { setup: { nodeSelector: { disk: 'fast' } } }),
    /^a node: 0\/1 nodes are available: .*selector/,
  );
  assert.match(
    await obstacle('class', { storageClass: 'none' }),
    /^the claim class-disk: ProvisioningFailed: .*"none" not found/,
  );
  const quotas = `/api/v1/namespaces/${NAMESPACE}/resourcequotas`;
  await expectApi(ground.plane.api, 'POST', quotas, { metadata: { name: 'few' }, spec: { hard: { 'requests.cpu': '100m' } } });
  try {
    assert.match(await obstacle('quota', {}), /^FailedCreate: .*exceeded quota: few/);
  } finally {
    await expectApi(ground.plane.api, 'DELETE', `${quotas}/few`);
  }
});

test('a failure that trying again does not mend ends the Job at once, with the words of the worker', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'wrong');
  const plan = planFor({ name: 'wrong', storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', capacity: image.length });
  const source = {
    ...local(),
    layers: [{ format: 'qcow2', slices: [{ path: '/source/disk.raw', offset: 0, length: image.length }] }],
  };
  const from = { kind: 'images', claim: 'images' } as const;
  await assert.rejects(
    copyDisk({ ...cluster, ...workers, owner, plan, from, source: source as DiskSource }),
    (error) => error instanceof MigrationError && error.code.startsWith('image-') && error.hint !== '',
  );
  assert.equal((await podsOf(owner.uid)).length, 1);
});

test('the cluster takes every worker in a namespace of the restricted level', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'dry');
  const job: TransferJob = {
    ...{ id: 'dry/0', vm: 'dry', disk: '0', source: local(), verify: true },
    target: { kind: 'block-device', path: '/dev/x', journal: '/journal/journal' },
  };
  const setup = workerSetup(
    'image',
    JSON.stringify({ nodeSelector: { a: 'b' }, tolerations: [{ key: 'a', operator: 'Exists' }] }),
  );
  const pod = workerJob(
    {
      ...{ name: 'dry', namespace: NAMESPACE, owner, order: { kind: 'transfer', job }, secret: 'vcenter', vddk: 'vddk' },
      source: { claim: 'images', oneNode: true },
      target: { claim: 'dry', block: true, journal: 'dry-journal' },
    },
    setup,
  );
  await cluster.client
    .create(SERVICE_ACCOUNTS, { metadata: { name: 'kubeferry-worker', namespace: NAMESPACE } }, LATER)
    .catch(() => undefined);
  const { template } = pod['spec'] as { readonly template: { readonly metadata: object; readonly spec: object } };
  const body = { metadata: { ...template.metadata, name: 'dry' }, spec: template.spec };
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All&fieldValidation=Strict`;
  const answer = await callApi(ground.plane.api, 'POST', path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
});

test('the library of the user is there for disks that are read through it', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'vddk');
  const plan = planFor({ name: 'vddk', storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', capacity: image.length });
  const source = { kind: 'vddk', capacity: image.length } as DiskSource;
  const from = { ...server(), vddk: 'vddk.example/vddk:8' };
  await using looks = await startWorkers(cluster.client, NAMESPACE, { image: 'kubeferry.example/looks:1' });
  const result = await copyDisk({ ...cluster, ...looks, owner, plan, from, source });
  assert.equal(result.transport, 'vddk');
  const [pod] = await podsOf(owner.uid);
  assert.ok(pod?.spec['initContainers'] !== undefined);
});

test('a list of image files that is too large for one ConfigMap is split, and read whole', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'many');
  const ref = { name: 'many-images', owner };
  assert.equal(await readRecord(cluster.client, ref, LATER.signal), undefined);
  const words = randomWords(5);
  const vms = Array.from({ length: 600 }, (_, index) => {
    const notes = Array.from({ length: 500 }, () => words().toString(36)).join(' ');
    return { vm: { ref: { id: `vm-${index}`, name: `vm-${index}` }, notes }, disks: {} } as unknown as RecordedVm;
  });
  async function* all(): AsyncGenerator<RecordedVm> {
    yield* vms;
  }
  await new ImageRecord(cluster.client, ref).keep(all(), LATER.signal);
  const maps = await ground.list(`/api/v1/namespaces/${NAMESPACE}/configmaps`);
  assert.ok(maps.filter(({ metadata }) => metadata.name.startsWith('many-images')).length > 1);
  assert.deepEqual(await readRecord(cluster.client, ref, LATER.signal), vms);
});

async function journalClaim(name: string) {
  const claims = await ground.list(`/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`);
  return claims.find(({ metadata }) => metadata.name.startsWith(name) && metadata.name.endsWith('-journal'));
}

/** Bytes of the journal on the claim that stands beside the block device. */
async function journalOf(name: string): Promise<number> {
  const claim = await journalClaim(name);
  if (claim === undefined) return 0;
  const volume = await ground.kubelet.volumePath(NAMESPACE, claim.metadata.name);
  return await stat(path.join(volume, 'journal')).then(
    ({ size }) => size,
    () => 0,
  );
}
