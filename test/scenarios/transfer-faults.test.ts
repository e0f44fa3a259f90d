/**
 * Disks on their way in bad weather: the whole engine, from real servers, images and devices to real files and devices, with one to three
 * faults in each run, which the seed chooses, and as many runs after it as it takes. A run ends with a disk that is its source's to
 * the byte, or with a MigrationError whose code names what struck and a journal from which the next one goes on without reading again
 * what is done. `npm run test:soak` plays 500; `KUBEFERRY_SEED=17` begins with that seed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hurryCommits } from './transfer/attempt.ts';
import { play } from './transfer/play.ts';
import { storyOf } from './transfer/story.ts';

const RUNS = Number(process.env['KUBEFERRY_SOAK'] ?? 25);
const FIRST_SEED = Number(process.env['KUBEFERRY_SEED'] ?? 1);
/** Characters of a failure. */
const MOST_SAID = 900;

test('a disk arrives as it is whatever strikes on its way, or an error says what did', { timeout: 3_600_000 }, async (t) => {
  hurryCommits();
  const tally = new Map<string, number>();
  const count = (what: string, by = 1): void => void tally.set(what, (tally.get(what) ?? 0) + by);
  const failures: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed += 1) {
    const story = storyOf(seed);
    count(`by ${story.way}`);
    try {
      const { struck, ends, kept, repaired } = await play(story);
      for (const fault of struck) count(`struck by ${fault}`);
      for (const end of ends) count(`ended ${end}`);
      count('faults', struck.length);
      count('blocks kept', kept);
      count('blocks repaired', repaired);
    } catch (error) {
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failures.push(`seed ${seed} ${JSON.stringify(story)}: ${said.slice(0, MOST_SAID)}`);
    }
  }
  t.diagnostic(`${RUNS} disks: ${JSON.stringify(Object.fromEntries([...tally].toSorted()))}`);
  assert.equal(failures.length, 0, failures.join('\n'));
  // A few disks chosen by hand prove nothing about the mixture.
  if (RUNS < 20) return;
  assert.ok((tally.get('faults') ?? 0) >= RUNS, 'too few faults have struck');
  assert.ok((tally.get('blocks kept') ?? 0) >= RUNS / 4, 'too little was there to go on from');
  assert.ok((tally.get('blocks repaired') ?? 0) > 0, 'nothing had to be repaired');
});
