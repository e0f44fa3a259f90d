/** Workers that share nodes, put there by the real scheduler. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskSource } from '../../../src/model/transfer.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { Ground, IMAGES } from '../../scenarios/cluster/ground.ts';
import { open } from '../cluster.ts';
import { copyDisk, makeOwner, planFor, startWorkers } from './bench.ts';

const CAPACITY = 1024 * 1024;

interface Pod {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string };
}

test('no node has more workers than a plan lets it have, each has as many as it may, and who waits is told why', {
  timeout: 120_000,
}, async () => {
  await using ground = await Ground.start({ own: true });
  await ground.namespace('places', {});
  const second = await ground.secondNode();
  await using _ = second.kubelet;
  await second.open();
  using cluster = await open(ground.plane.kubeconfig());
  await using workers = await startWorkers(cluster.client, 'places', { image: IMAGES.endless });
  const stop = new AbortController();
  const waits = new Map<string, string | undefined>();
  const source: DiskSource = {
    kind: 'image',
    layers: [{ format: 'raw', slices: [{ path: '/source/disk.raw', offset: 0, length: CAPACITY }] }],
    capacity: CAPACITY,
  };
  const copies = ['one', 'two', 'three', 'four', 'five'].map(async (name) => {
    const owner = await makeOwner(ground, 'places', name);
    const plan = planFor({ name, storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', capacity: CAPACITY });
    const about = { ...cluster, ...workers, owner, plan, from: { kind: 'images', claim: 'images' } as const, source, perNode: 2 };
    await copyDisk(about, { signal: stop.signal, onWait: (because) => waits.set(name, because) });
  });
  const settled = Promise.allSettled(copies);
  try {
    const pods = async (): Promise<readonly Pod[]> => (await ground.list('/api/v1/namespaces/places/pods')) as readonly Pod[];
    const running = async (): Promise<readonly Pod[]> => (await pods()).filter(({ status }) => status?.phase === 'Running');
    await ground.until(async () => (await running()).length === 4 && [...waits.values()].some((text) => text !== undefined));
    const nodes = Map.groupBy(await running(), ({ spec }) => spec?.nodeName ?? '');
    assert.deepEqual(
      [...nodes.values()].map(({ length }) => length),
      [2, 2],
    );
    assert.equal((await pods()).length, 5);
    assert.match([...waits.values()].find((text) => text !== undefined) ?? '', /anti-affinity/);
  } finally {
    stop.abort();
    await settled;
  }
});
