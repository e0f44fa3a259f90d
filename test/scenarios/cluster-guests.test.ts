/**
 * Guests that are converted in the cluster, from the plan to the status, with the worker's own overlays and commits. The converter itself is played
 * (cluster/played-converter.ts): the real one needs minutes, and is tried in test/convert and test/kube/jobs/convert.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FileHasher } from '../../src/transfer/hash-file.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { GUEST_DISK_BYTES, guestDisk } from '../demo/guest/disk.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { Ground, IMAGES, type Thing } from './cluster/ground.ts';
import { MARK } from './cluster/played-converter.ts';

const PLAYED = path.join(import.meta.dirname, 'cluster/played-converter.ts');

let ground: Ground;
let folder: string;
let ova: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-guest-'));
  const images = { [`${IMAGES.worker}-conversion`]: [process.execPath, PLAYED] };
  [ground, ova] = await Promise.all([Ground.start({ images }), buildGuest(folder)]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function planGuest(namespace: string, guest: object): Promise<void> {
  await ground.namespace(namespace, { 'guest.ova': ova });
  await ground.make(namespace, 'providers', 'images', { type: 'image', images: { claim: 'images', path: 'guest.ova' } });
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  await ground.make(namespace, 'migrationplans', 'first', {
    providerRef: { name: 'images' },
    selection: { where: ['name=*'] },
    guest,
    networkMap: { entries: [{ source: { name: 'VM Network' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
  });
}

async function convertersOf(namespace: string): Promise<readonly Thing[]> {
  const pods = await ground.list(`/api/v1/namespaces/${namespace}/pods`);
  return pods.filter(({ spec }) => JSON.stringify(spec?.['containers']).includes('-conversion'));
}

async function statusOf(namespace: string): Promise<Status> {
  const [vm] = await ground.migrations(namespace);
  return (vm?.status ?? {}) as Status;
}

interface Status {
  readonly phase?: string;
  readonly doing?: string;
  readonly guest?: { readonly copy: string; readonly [field: string]: unknown };
  readonly disks?: readonly { readonly root?: string; readonly copiedRoot?: string }[];
  readonly failure?: { readonly code: string };
}

test('a guest is converted on its claim although its worker is killed and its operator ends, and the status says what was done', async () => {
  const namespace = ground.name('converted');
  await planGuest(namespace, { proof: { type: 'none' } });
  {
    await using operator = ground.operate(namespace);
    await ground.until(async () => (await statusOf(namespace)).doing === 'Picking a kernel', { namespace, operator });
    const [pod] = await convertersOf(namespace);
    ground.kubelet.kill(namespace, pod?.metadata.name ?? '');
    await operator.kill();
  }
  await ground.forgetLeader(namespace);
  await using operator = ground.operate(namespace);
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', { namespace, operator });
  const { guest, disks } = await statusOf(namespace);
  const { copy: _, ...told } = guest ?? {};
  assert.partialDeepStrictEqual(told, {
    ...{ policy: 'convert', accelerator: 'tcg', converter: 'played 1.0', system: 'Played Linux 1', warnings: ['It is played.'] },
    changes: [{ subject: 'boot', what: 'It boots by virtio.', file: '/boot/initrd' }],
    disks: [{ changed: MARK.length }],
  });
  assert.deepEqual(guest?.['warnings'], ['It is played.'], 'its root came from the hashes that the copy left');
  const [claim] = await ground.claims(namespace);
  const file = path.join(await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? ''), 'disk.img');
  await using disk = await open(file);
  const bytes = Buffer.alloc(GUEST_DISK_BYTES);
  await disk.read(bytes, 0, bytes.length, 0);
  assert.ok(bytes.equals(guestDisk().fill(MARK.byte, 0, MARK.length)), 'what was copied, and what was changed');
  const about = { signal: AbortSignal.timeout(60_000), onProgress: () => undefined };
  const root = await new FileHasher().rootOf({ id: 'web/0', path: file, size: GUEST_DISK_BYTES }, about);
  assert.equal(disks?.[0]?.root, root);
  assert.notEqual(disks?.[0]?.copiedRoot ?? root, root);
  const { annotations } = (claim?.metadata ?? {}) as { readonly annotations?: Readonly<Record<string, string>> };
  assert.equal(annotations?.['kubeferry.dev/filled'], root);
  await ground.until(async () => (await ground.claims(namespace)).length === 1, { namespace, operator });
  const events = await ground.list(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  const notes = events.map((event) => Object.entries(event).find(([field]) => field === 'note')?.[1]);
  assert.ok(
    notes.some((note) => /^Played Linux 1 was converted by played 1\.0: \d s with emulation, without KVM\./.test(String(note))),
    String(notes),
  );
});

test('a VM that is canceled while its guest is converted leaves nothing behind', async () => {
  const namespace = ground.name('canceled');
  await planGuest(namespace, { proof: { type: 'none' } });
  await using operator = ground.operate(namespace);
  await ground.until(async () => (await convertersOf(namespace)).some(({ status }) => status?.phase === 'Running'), {
    ...{ namespace, operator },
  });
  await ground.change(namespace, 'migrationplans', 'first', { canceled: true });
  await ground.until(async () => (await statusOf(namespace)).phase === 'Canceled', { namespace, operator });
  await ground.until(async () => (await ground.claims(namespace)).length === 0, { namespace, operator });
  assert.deepEqual(await convertersOf(namespace), []);
  assert.deepEqual(await ground.machines(namespace), []);
});

test('a Secret that a plan names and that is not there is told before anything is copied', async () => {
  const namespace = ground.name('keyless');
  await planGuest(namespace, { keysSecret: { name: 'luks' }, proof: { type: 'none' } });
  await using operator = ground.operate(namespace);
  const waits = async (): Promise<unknown> => (await ground.migrations(namespace))[0]?.status?.['waitingFor'];
  await ground.until(async () => /no Secret luks/.test(String(await waits())), { namespace, operator });
  assert.deepEqual(await ground.claims(namespace), []);
  await ground.secret(namespace, 'luks', { keys: 'secret' });
  await ground.until(async () => (await convertersOf(namespace)).length > 0, { namespace, operator });
});
