/** The whole way of a VM into a cluster: an OVA on a claim, a plan, workers, a proven claim, a VirtualMachine. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildGuest, GUEST_NAME } from '../demo/guest/build.ts';
import { GUEST_DISK_BYTES, guestDisk } from '../demo/guest/disk.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { type AnyManifest, admitAll, objections } from '../peers/kubevirt.ts';
import { startVcenter } from '../peers/vcenter.ts';
import { Ground, IMAGES, type Thing } from './cluster/ground.ts';

let ground: Ground;
let folder: string;
let ova: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-guest-'));
  [ground, ova] = await Promise.all([Ground.start(), buildGuest(folder)]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Way {
  readonly storageClass?: string;
  readonly volumeMode?: 'Filesystem' | 'Block';
}

async function planGuest(
  namespace: string,
  { storageClass = STORAGE_CLASSES.late, volumeMode = 'Filesystem' }: Way = {},
): Promise<void> {
  await ground.namespace(namespace, { 'guest.ova': ova });
  await ground.make(namespace, 'providers', 'images', { type: 'image', images: { claim: 'images', path: 'guest.ova' } });
  await ground.make(namespace, 'migrationplans', 'first', {
    providerRef: { name: 'images' },
    selection: { where: ['name=*'] },
    networkMap: { entries: [{ source: { name: 'VM Network' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target: { storageClass, volumeMode, accessMode: 'ReadWriteOnce' } }] },
  });
}

/** The first bytes of the guest's claim, as many as its disk has. */
async function arrived(namespace: string): Promise<Buffer> {
  const [claim] = await ground.claims(namespace);
  const volume = await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? '');
  await using file = await open(claim?.spec?.['volumeMode'] === 'Block' ? volume : path.join(volume, 'disk.img'));
  const bytes = Buffer.alloc(GUEST_DISK_BYTES);
  await file.read(bytes, 0, bytes.length, 0);
  return bytes;
}

/** VirtualMachines as the cluster has them. */
const machines: Thing[] = [];

for (const [volumeMode, storageClass] of [
  ['Filesystem', STORAGE_CLASSES.late],
  ['Block', STORAGE_CLASSES.immediate],
] as const) {
  test(`an OVA arrives on a claim of mode ${volumeMode}, and stays when its plan is deleted`, async () => {
    const namespace = ground.name(`whole-${volumeMode.toLowerCase()}`);
    await planGuest(namespace, { volumeMode, storageClass });
    await using operator = ground.operate(namespace);
    await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
    assert.ok((await arrived(namespace)).equals(guestDisk()), 'the claim holds the bytes of the disk');
    await ground.remove(namespace, 'migrationplans', 'first');
    await ground.until(async () => (await ground.migrations(namespace)).length === 0, { namespace, operator });
    await ground.until(async () => (await ground.jobs(namespace)).length === 1, { namespace, operator });
    const [claim] = await ground.claims(namespace);
    assert.equal(claim?.metadata.ownerReferences, undefined, 'nothing takes the claim away from the VM');
    const [machine] = await ground.machines(namespace);
    assert.equal(machine?.metadata.name, GUEST_NAME);
    assert.ok(machine);
    machines.push(machine);
  });
}

test('KubeVirt takes these VMs', async () => {
  const verdicts = await admitAll(machines.map((machine) => machine as unknown as AnyManifest));
  assert.deepEqual(verdicts.flatMap(objections), []);
  assert.equal(verdicts.length, 2);
});

test('a plan that is deleted while disks are copied takes everything with it', async () => {
  const namespace = ground.name('deleted');
  await planGuest(namespace);
  await using operator = ground.operate(namespace, IMAGES.endless);
  await ground.until(async () => (await ground.jobs(namespace)).length === 2, { namespace, operator });
  await ground.remove(namespace, 'migrationplans', 'first');
  await ground.until(async () => (await ground.claims(namespace)).length === 0, { namespace, operator });
  await ground.until(async () => (await ground.jobs(namespace)).length === 1, { namespace, operator });
  await ground.until(async () => (await ground.migrations(namespace)).length === 0, { namespace, operator });
  assert.deepEqual(await ground.machines(namespace), []);
});

test('a Critical concern that nobody accepted keeps everything from beginning', async () => {
  const namespace = ground.name('blocked');
  await planGuest(namespace, { storageClass: 'nowhere' });
  await using operator = ground.operate(namespace);
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Blocked', { namespace, operator });
  assert.deepEqual(await ground.claims(namespace), []);
  assert.equal((await ground.jobs(namespace)).length, 1, 'only the Job that read the files');
  const [vm] = await ground.migrations(namespace);
  assert.equal(vm?.status?.phase, undefined);
});

test('a plan that is canceled while disks are copied leaves nothing behind', async () => {
  const namespace = ground.name('canceled');
  await planGuest(namespace);
  await using operator = ground.operate(namespace, IMAGES.endless);
  await ground.until(async () => (await ground.jobs(namespace)).length === 2, { namespace, operator });
  await ground.change(namespace, 'migrationplans', 'first', { canceled: true });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Canceled', { namespace, operator });
  await ground.until(async () => (await ground.claims(namespace)).length === 0, { namespace, operator });
  assert.equal((await ground.jobs(namespace)).length, 1, 'only the Job that read the files');
  assert.deepEqual(await ground.machines(namespace), []);
  const [vm] = await ground.migrations(namespace);
  assert.equal(vm?.status?.phase, 'Canceled');
});

test('a worker that is killed in the middle of a disk is replaced, and the disk arrives', async () => {
  const namespace = ground.name('killed');
  await planGuest(namespace, { storageClass: STORAGE_CLASSES.immediate });
  await using operator = ground.operate(namespace);
  await ground.until(async () => (await ground.claims(namespace))[0]?.status?.phase === 'Bound', { namespace, operator });
  const [claim] = await ground.claims(namespace);
  const volume = await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? '');
  await ground.until(async () => existsSync(path.join(volume, 'disk.img.partial')), { namespace, operator, every: 5 });
  const pods = await ground.list(`/api/v1/namespaces/${namespace}/pods`);
  for (const { metadata } of pods.filter((pod) => pod.status?.phase === 'Running')) ground.kubelet.kill(namespace, metadata.name);
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  assert.ok((await arrived(namespace)).equals(guestDisk()));
  const jobs = await ground.jobs(namespace);
  assert.deepEqual(jobs.map(({ status }) => status?.['failed'] ?? 0).toSorted(), [0, 1]);
});

test('a VM of a vCenter arrives, read by a worker that logs in with the mounted Secret', async (t) => {
  const namespace = ground.name('vsphere');
  const server = await startVcenter({ vms: 1, clusters: 0, autostart: false });
  t.after(async () => await server[Symbol.asyncDispose]());
  const guest = await server.guest('DC0_H0_VM0', { capacity: 6 * 1024 * 1024, seed: 5 });
  await server.expireSessions();
  await ground.namespace(namespace, {});
  await ground.secret(namespace, 'vcenter', {
    user: server.username,
    password: server.password,
    thumbprint: server.thumbprint.sha256,
  });
  const url = `vsphere://${server.host}:${server.port}`;
  await ground.make(namespace, 'providers', 'vcenter', { type: 'vsphere', url, secretRef: { name: 'vcenter' } });
  await ground.make(namespace, 'migrationplans', 'first', {
    providerRef: { name: 'vcenter' },
    selection: { names: ['DC0_H0_VM0'] },
    storageMap: {
      entries: [{ source: { storage: '*' }, target: { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem' } }],
    },
  });
  await using operator = ground.operate(namespace);
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  const [claim] = await ground.claims(namespace);
  const volume = await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? '');
  assert.ok(guest.disks[0]?.content().equals(await readFile(path.join(volume, 'disk.img'))));
  for (const kind of ['configmaps', 'pods', 'vmmigrations']) {
    const group = kind === 'vmmigrations' ? '/apis/kubeferry.dev/v1alpha1' : '/api/v1';
    const all = JSON.stringify(await ground.list(`${group}/namespaces/${namespace}/${kind}`));
    assert.ok(!all.includes(server.password), `the password is in no object of kind ${kind}`);
  }
  assert.ok(!operator.log().includes(server.password));
});
