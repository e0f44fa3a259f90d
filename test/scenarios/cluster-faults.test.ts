/**
 * VMs on their way into a cluster in bad weather: operators, workers and API servers are killed, connections go dumb, people change their minds, by
 * stories that a seed tells. Each ends with a VM that is its source's to the byte, or with nothing left and a source that runs; nothing is made
 * twice. `npm run test:soak` plays many; `KUBEFERRY_SEED=17` begins with that seed.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildGuest } from '../demo/guest/build.ts';
import { expectApi } from '../peers/kubernetes-api.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { Ground } from './cluster/ground.ts';
import { ovaOrigin, vcenterOrigin } from './cluster/origins.ts';
import { planOf, play } from './cluster/play.ts';
import { type ClusterStory, storyOf } from './cluster/story.ts';
import { Witness } from './cluster/witness.ts';

/** The soak's number is meant for disks, of which there are many more. */
const RUNS = Math.ceil(Number(process.env['KUBEFERRY_SOAK'] ?? 50) / 10);
const FIRST_SEED = Number(process.env['KUBEFERRY_SEED'] ?? 1);
const AT_ONCE = 2;

let ground: Ground;
let server: Vcenter;
let folder: string;
let ova: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-guest-'));
  [ground, ova, server] = await Promise.all([
    Ground.start({ own: true, losesNodesFast: true }),
    buildGuest(folder),
    startVcenter({ vms: RUNS, clusters: 0 }),
  ]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('a VM arrives as it is whatever strikes on its way, and nothing happens twice', { timeout: 3_600_000 }, async (t) => {
  const failures: string[] = [];
  const tally = new Map<string, number>();
  const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
  const seeds = Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index);
  const work = seeds.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const seed of work) {
        const story = storyOf(seed);
        try {
          const { ended, struck } = await tell(story);
          count(`ended ${ended}`);
          for (const kind of struck) count(kind);
        } catch (error) {
          failures.push(`seed ${seed} ${JSON.stringify(story)}: ${String(error)}`);
        }
      }
    }),
  );
  t.diagnostic(`${RUNS} VMs: ${JSON.stringify(Object.fromEntries([...tally].toSorted()))}`);
  assert.equal(failures.length, 0, failures.join('\n'));
});

test('a disk whose node fails goes on from its journal on another node, once the cluster knows that the first one is dead', async () => {
  const namespace = ground.name('node-lost');
  const origin = ovaOrigin(ova);
  await origin.furnish(ground, namespace);
  const { kubelet, open } = await ground.secondNode();
  await using _ = kubelet;
  await using operator = ground.operate(namespace);
  await using witness = new Witness(ground.plane.api, namespace);
  const about = { namespace, operator };
  await ground.make(namespace, 'migrationplans', 'first', planOf(origin, 'Filesystem'));
  await ground.until(async () => (await ground.claims(namespace))[0]?.status?.phase === 'Bound', about);
  const volume = await ground.kubelet.volumePath(namespace, (await ground.claims(namespace))[0]?.metadata.name ?? '');
  await ground.until(async () => existsSync(path.join(volume, 'disk.img.partial')), { ...about, every: 5 });
  kubelet.fail();
  await open();
  const waitsFor = async (text: RegExp): Promise<boolean> =>
    text.test(String((await ground.migrations(namespace))[0]?.status?.['waitingFor'] ?? ''));
  await ground.until(async () => await waitsFor(/the end of the worker on \S+-beside/), about);
  assert.equal(witness.made('jobs').length, 2, 'nothing else writes to the claim as long as its node may be alive');
  // Whoever looks after the machines says so; without this word Kubernetes waits for ever.
  const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
  await expectApi(ground.plane.api, 'PATCH', `/api/v1/nodes/${kubelet.node}`, { spec: { taints: [taint] } });
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', about);
  assert.ok((await readFile(path.join(volume, 'disk.img'))).equals(origin.content));
  assert.equal(witness.made('jobs').length, 2, 'the same Job has gone on');
  assert.equal(witness.made('machines').length, 1);
});

async function tell(story: ClusterStory) {
  const origin =
    story.from === 'ova' ? ovaOrigin(ova) : await vcenterOrigin(server, `DC0_H0_VM${story.seed - FIRST_SEED}`, story.seed);
  return await play(ground, origin, story);
}
