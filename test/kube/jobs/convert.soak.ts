/** The real converter in Pods that run, on a claim with a file system and one with a block device. Minutes: its appliance is built in each Pod. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { open as openFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { MigrationError } from '../../../src/model/errors.ts';
import { FileHasher } from '../../../src/transfer/hash-file.ts';
import { buildGuest, USUAL_GUEST } from '../../peers/guests.ts';
import { Ground, IMAGES } from '../../scenarios/cluster/ground.ts';
import { open } from '../cluster.ts';
import { type Copied, copied, KEYS, type Stage, watched } from './converting.ts';

/** Of a conversion under emulation, on a machine that has other work. */
const LONGEST = 45 * 60_000;

let stage: Stage;

before(async () => {
  const ground = await Ground.start();
  const namespace = ground.name('real-guests');
  await ground.namespace(namespace, {});
  stage = { ground, namespace, cluster: await open(ground.plane.kubeconfig()) };
});
after(async () => {
  stage?.cluster[Symbol.dispose]();
  await stage?.ground[Symbol.asyncDispose]();
});

/** The file of the first disk, empty, and the one behind the second. */
async function disksOf({ plan }: Copied, capacity: number): Promise<readonly [string, string]> {
  const { ground, namespace } = stage;
  const [first = '', second = ''] = plan.mapping.placements.map(({ claim }) => claim);
  await ground.until(async () => (await ground.claim(namespace, second))?.status?.phase === 'Bound');
  await ground.until(async () => (await ground.claim(namespace, first))?.status?.phase === 'Bound');
  const file = path.join(await ground.kubelet.volumePath(namespace, first), 'disk.img');
  await using disk = await openFile(file, 'w+', 0o666);
  await disk.truncate(capacity);
  await disk.chmod(0o666);
  return [file, await ground.kubelet.volumePath(namespace, second)];
}

test('no system is found on empty disks, which is said, and they are left as they are', async () => {
  const capacity = 64 * 2 ** 20;
  await using vm = await copied('empty', IMAGES.worker, capacity, stage);
  const [file] = await disksOf(vm, capacity);
  const failed = (error: unknown): boolean =>
    error instanceof MigrationError && error.code === 'guest-system-missing' && error.hint !== '';
  await assert.rejects(vm.conversions().convert(vm.plan, vm.request, watched(AbortSignal.timeout(LONGEST))), failed);
  assert.equal((await vm.pods()).length, 1, 'trying again does not help');
  assert.equal((await stat(file)).blocks, 0);
  assert.deepEqual(await vm.filled(), [undefined, undefined]);
  // Whoever comes after a restart hears the same; the next try has a Job of its own.
  await assert.rejects(vm.conversions().convert(vm.plan, vm.request, watched(AbortSignal.timeout(LONGEST))), failed);
  assert.equal((await vm.pods()).length, 1);
});

test('a Debian guest on the second of two disks is converted, and the claims hold what is said of them', async (t) => {
  const [original = ''] = await buildGuest(USUAL_GUEST);
  const capacity = (await stat(original)).size;
  await using vm = await copied('debian', IMAGES.worker, capacity, stage);
  const [, device] = await disksOf(vm, capacity);
  await promisify(execFile)('dd', [`if=${original}`, `of=${device}`, 'bs=1M', 'conv=notrunc,sparse']);
  const work = watched(AbortSignal.timeout(LONGEST));
  const outcome = await vm.conversions().convert(vm.plan, vm.request, work);
  t.diagnostic(JSON.stringify({ ...outcome, told: work.told }));
  assert.match(outcome.guest ?? '', /debian/i);
  assert.match(outcome.converter ?? '', /^virt-v2v/);
  const changed = outcome.disks.find(({ disk }) => disk === KEYS[1]);
  const about = { signal: AbortSignal.timeout(LONGEST), onProgress: () => undefined };
  const root = await new FileHasher().rootOf({ id: 'debian/1', path: device, size: capacity }, about);
  assert.equal(changed?.root, root);
  assert.equal((await vm.filled())[1], root);
  await vm.conversions().release(vm.plan, AbortSignal.timeout(30_000));
  await stage.ground.until(async () => (await vm.scratch()) === undefined);
});
