/**
 * VMs on their way into a cluster in bad weather: operators, workers and API servers are killed, connections go dumb, people change their minds, by
 * stories that a seed tells. Each ends with a VM that is its source's to the byte, or with nothing left and a source that runs; nothing is made
 * twice. `npm run test:soak` plays many; `KUBEFERRY_SEED=17` begins with that seed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildGuest } from '../demo/guest/build.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { Ground } from './cluster/ground.ts';
import { ovaOrigin, vcenterOrigin } from './cluster/origins.ts';
import { play } from './cluster/play.ts';
import { type ClusterStory, storyOf } from './cluster/story.ts';

/** The soak's number is meant for disks, of which there are many more. */
const RUNS = Math.ceil(Number(process.env['KUBEFERRY_SOAK'] ?? 60) / 10);
const FIRST_SEED = Number(process.env['KUBEFERRY_SEED'] ?? 1);
const AT_ONCE = 2;

let ground: Ground;
let server: Vcenter;
let folder: string;
let ova: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-guest-'));
  [ground, ova, server] = await Promise.all([
    Ground.start({ own: true }),
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

async function tell(story: ClusterStory) {
  const origin =
    story.from === 'ova' ? ovaOrigin(ova) : await vcenterOrigin(server, `DC0_H0_VM${story.seed - FIRST_SEED}`, story.seed);
  return await play(ground, origin, story);
}
