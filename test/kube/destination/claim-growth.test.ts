/** Claims of disks that grew, on the real API server; the test is the storage that enlarges them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ClusterDestination } from '../../../src/kube/destination/cluster-destination.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import type { MigrationError } from '../../../src/model/errors.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { expectApi } from '../../peers/kubernetes-api.ts';
import { Ground } from '../../scenarios/cluster/ground.ts';
import { CLOCK, open } from '../cluster.ts';
import { makeOwner, planFor } from '../jobs/bench.ts';

const MiB = 1024 * 1024;
const SIGNAL = AbortSignal.timeout(60_000);

let ground: Ground;
let namespace: string;
let cluster: Cluster;
before(async () => {
  ground = await Ground.start();
  namespace = ground.name('growth');
  await ground.namespace(namespace, {});
  cluster = await open(ground.plane.kubeconfig());
});
after(async () => {
  cluster?.[Symbol.dispose]();
  await ground?.[Symbol.asyncDispose]();
});

/** The claim of a disk of that many bytes, as its migration made it; `grown`: its plan after the disk grew. */
async function claimed(name: string) {
  const owner = await makeOwner(ground, namespace, name);
  const about = { name, storageClass: STORAGE_CLASSES.immediate, volumeMode: 'Filesystem' } as const;
  const [before, grown] = [planFor({ ...about, capacity: 64 * MiB }), planFor({ ...about, capacity: 128 * MiB })];
  const destination = new ClusterDestination({ client: cluster.client, clock: CLOCK, owner, namespace });
  await destination.claim([before], { resume: false, signal: SIGNAL });
  const [placement] = before.mapping.placements;
  const claim = placement?.claim ?? '';
  await ground.until(async () => (await ground.claim(namespace, claim))?.status?.phase === 'Bound');
  return { claim, grow: async () => await destination.claim([grown], { resume: true, signal: SIGNAL }) };
}

async function asked(claim: string): Promise<unknown> {
  const found = await ground.claim(namespace, claim);
  return (found?.spec?.['resources'] as { readonly requests: { readonly storage: string } } | undefined)?.requests.storage;
}

test('a class that lets no claim grow is named, with what to do', async () => {
  const { claim, grow } = await claimed('fixed');
  const size = await asked(claim);
  await assert.rejects(grow(), (error: MigrationError) => {
    assert.equal(error.code, 'space-insufficient');
    assert.match(error.message, new RegExp(`${claim} has to grow .* must support resize`));
    assert.match(error.hint, /another plan/);
    return true;
  });
  assert.equal(await asked(claim), size);
});

test('a claim of a class that lets claims grow is asked for anew, and waited for', async () => {
  const path = `/apis/storage.k8s.io/v1/storageclasses/${STORAGE_CLASSES.immediate}`;
  await expectApi(ground.plane.api, 'PATCH', path, { allowVolumeExpansion: true });
  const { claim, grow } = await claimed('elastic');
  const before = await asked(claim);
  const growing = grow();
  await ground.until(async () => (await asked(claim)) !== before);
  const storage = await asked(claim);
  await expectApi(ground.plane.api, 'PATCH', `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claim}/status`, {
    status: { capacity: { storage } },
  });
  await growing;
  await grow();
  assert.equal(await asked(claim), storage);
});
