/** The whole way by the command line alone: apply, follow, cancel, try again, with an operator and workers that really work. */
import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { kubeferry, type Session } from '../cli/session.ts';
import { buildGuest, GUEST_NAME } from '../demo/guest/build.ts';
import { GUEST_DISK_BYTES, guestDisk } from '../demo/guest/disk.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { startNginx } from '../peers/nginx.ts';
import { Ground, IMAGES } from './cluster/ground.ts';

let ground: Ground;
let folder: string;
let ova: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-commands-'));
  [ground, ova] = await Promise.all([Ground.start(), buildGuest(folder)]);
  await writeFile(path.join(folder, 'kubeconfig'), ground.plane.kubeconfig(), { mode: 0o600 });
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  const map = { apiVersion: 'kubeferry.dev/v1alpha1', kind: 'StorageMap', spec: { entries: [{ source: '*', target }] } };
  await writeFile(path.join(folder, 'storage.yaml'), JSON.stringify(map));
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function cluster(namespace: string, ...args: readonly string[]): Promise<Session> {
  return await kubeferry([...args, '--kubeconfig', path.join(folder, 'kubeconfig'), '-n', namespace]);
}

async function migrate(namespace: string, ...more: readonly string[]): Promise<Session> {
  const about = ['--claim', 'images:guest.ova', '--plan-name', 'first', '--storage-map', path.join(folder, 'storage.yaml')];
  return await cluster(namespace, 'migrate', '--guest', 'none', ova, '--to', 'cluster', '--yes', ...about, ...more);
}

async function arrived(namespace: string): Promise<Buffer> {
  const [claim] = await ground.claims(namespace);
  await using file = await open(path.join(await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? ''), 'disk.img'));
  const bytes = Buffer.alloc(GUEST_DISK_BYTES);
  await file.read(bytes, 0, bytes.length, 0);
  return bytes;
}

test('migrate --to cluster follows the plan to its end', async () => {
  const namespace = ground.name('by-command');
  await ground.namespace(namespace, { 'guest.ova': ova });
  await using _operator = ground.operate(namespace);
  const { code, err } = await migrate(namespace);
  assert.equal(code, 0, err);
  assert.match(err, /^kubeferry-demo: CopyDisks/m);
  assert.match(err, /^kubeferry-demo: Completed$/m);
  assert.ok((await arrived(namespace)).equals(guestDisk()));
  const status = await cluster(namespace, 'status', 'first');
  assert.match(status.out, /^1 VM: 1 completed$/m);
  assert.equal((await cluster(namespace, 'status', 'first', '--watch')).code, 0, 'a plan that is over is followed no longer');
  assert.match((await cluster(namespace, 'cancel', 'first', '--yes')).err, /left to cancel/);
  const again = await migrate(namespace);
  assert.equal(again.code, 0, 'what is there already is no obstacle to itself');
  assert.match(again.err, /MigrationPlan [\w-]+\/first: unchanged/);
});

test('a file behind HTTPS is fetched by the cluster, from whom the plan trusts, and its source is read a second time', async () => {
  await using nginx = await startNginx({ root: path.dirname(ova) });
  const namespace = ground.name('by-url');
  await ground.namespace(namespace, {});
  await using _operator = ground.operate(namespace);
  const url = ['--image-url', `${nginx.origin}/${path.basename(ova)}`, '--ca-file', nginx.certificateFile];
  const about = ['--claim', 'images:in/guest.ova', '--storage-map', path.join(folder, 'storage.yaml'), '--recheck-source'];
  const { code, err } = await cluster(namespace, 'migrate', '--guest', 'none', ova, '--to', 'cluster', '--yes', ...url, ...about);
  assert.equal(code, 0, err);
  assert.ok((await arrived(namespace)).equals(guestDisk()));
  const pods = await ground.list(`/api/v1/namespaces/${namespace}/pods`);
  assert.ok(JSON.stringify(pods).includes(String.raw`\"recheckSource\":true`), 'the order of the worker says so');
});

test('a VM that is canceled while it is copied is cleared up, and arrives when it is tried again', async () => {
  const namespace = ground.name('again');
  await ground.namespace(namespace, { 'guest.ova': ova });
  {
    await using operator = ground.operate(namespace, IMAGES.endless);
    assert.equal((await migrate(namespace, '--detach')).code, 0);
    await ground.until(async () => (await ground.jobs(namespace)).length === 2, { namespace, operator });
    assert.equal((await cluster(namespace, 'cancel', 'first', GUEST_NAME, '--yes')).code, 0);
    const { code, out } = await cluster(namespace, 'status', 'first', '--watch');
    assert.equal(code, 3);
    assert.match(out, /Canceled/);
    await ground.until(async () => (await ground.claims(namespace)).length === 0, { namespace, operator });
  }
  await using _operator = ground.operate(namespace);
  assert.equal((await cluster(namespace, 'retry', 'first', GUEST_NAME)).code, 0);
  const { code, out } = await cluster(namespace, 'status', 'first', '--watch');
  assert.equal(code, 0, out);
  assert.ok((await arrived(namespace)).equals(guestDisk()));
});
