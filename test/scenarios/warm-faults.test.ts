/**
 * Warm migrations of a simulated vCenter whose guests write while they are copied, to a folder, by processes that are killed and begun again.
 * Troubles come by a seed: processes die, the service goes away, tracking loses count, snapshots fail or disappear, disks grow, come and go, VMs move.
 * In every run: the disks at the target are those of the guest when its power went; no snapshot of ours is left; a VM is never made at the target
 * while its source runs; a source that a failed cutover stopped runs again. `npm run test:soak` runs 200; `KUBEFERRY_SEED=17` begins with that seed.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SimulatedGuest } from '../peers/vcenter/guest.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import type { Attempt, Told } from './warm/attempt.ts';
import { storyOf, type WarmStory } from './warm/story.ts';

const RUNS = process.env['KUBEFERRY_SOAK'] === undefined ? 10 : 200;
const FIRST_SEED = Number(process.env['KUBEFERRY_SEED'] ?? 1);
const CHILD = fileURLToPath(new URL('warm/child.ts', import.meta.url));
/** Processes of one run; each that ends with a failure is followed by a person's retry. */
const MOST_PROCESSES = 14;
/** Milliseconds until a process that does not end is a fault of its own. */
const PATIENCE = 90_000;
const WEEK = 7 * 24 * 3_600_000;

interface Process {
  readonly told: readonly Told[];
  readonly killed: boolean;
}

/** One process, from its beginning to its end. */
async function play(attempt: Attempt, killAfter: number | undefined, onTold: (told: Told) => void): Promise<Process> {
  const child = fork(CHILD, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const told: Told[] = [];
  let killed = false;
  let timer: NodeJS.Timeout | undefined;
  const kill = (after: number): void => {
    timer = setTimeout(() => {
      killed = true;
      child.kill('SIGKILL');
    }, after);
  };
  child.on('message', (message: Told | 'ready') => {
    if (message === 'ready') {
      child.send(attempt);
      kill(killAfter ?? PATIENCE);
      return;
    }
    told.push(message);
    onTold(message);
  });
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  return { told, killed: killed && killAfter !== undefined };
}

/** How the run went: its processes, and what became of them. @throws AssertionError */
async function run(server: Vcenter, story: WarmStory, folder: string): Promise<string> {
  const { seed, disks, writeEvery, tracked, tools } = story;
  const name = `run-${seed}`;
  const guest = await server.guest(name, { disks, seed, writeEvery, tracked, tools });
  server.plague({ seed, kinds: story.kinds, guests: [guest], every: 25, most: story.troubles });
  const account = { user: server.username, password: server.password, thumbprint: server.thumbprint.sha256 };
  const kills = [...story.kills];
  let place = join(folder, 'first');
  /** Of the source when the VM was made: what comes later is nobody's business. */
  let last: readonly number[] = [];
  const ends: string[] = [];
  let fails = story.fails;
  try {
    for (let process = 0; ; process += 1) {
      assert.ok(process < MOST_PROCESSES, `no end: ${ends.join(', ')}`);
      // A person looks at what failed again and again, and takes what is in the way out of it.
      if (process === MOST_PROCESSES / 2) server.plague();
      const attempt: Attempt = {
        ...{
          server: { url: `vsphere://${server.host}:${server.port}`, ...account },
          vm: name,
          folder: place,
          schedule: story.schedule,
        },
        ...(story.wordAfter !== undefined && { wordAfter: story.wordAfter }),
        ...(fails && { fails: 'createVm' }),
        late: (process * WEEK) / 3,
      };
      const { told, killed } = await play(attempt, kills.shift(), (message) => {
        if (message.kind !== 'created') return;
        assert.equal(guest.on, false, 'the VM is made while its source runs');
        last = guest.disks.map(({ key }) => key);
      });
      const word = told.at(-1);
      if (killed) {
        ends.push('killed');
        continue;
      }
      assert.ok(word !== undefined, `a process ended without a word after ${told.length}: ${ends.join(', ')}`);
      assert.notEqual(word.kind, 'bug', 'message' in word ? word.message : '');
      if (word.kind === 'refused') {
        ends.push(word.code);
        // The disks of a VM that is off, and so is migrated cold, are not expected to change.
        if (word.code === 'target-occupied') place = join(folder, `after-${process}`);
        continue;
      }
      assert.ok(word.kind === 'end', `a process ended, or was ended after ${PATIENCE} ms, at ${JSON.stringify(told.slice(-3))}`);
      const { progress } = word;
      ends.push(progress.failure?.code ?? progress.phase);
      if (progress.phase === 'Completed') {
        await assertComplete(server, guest, { files: word.disks, keys: last });
        return ends.join(' ');
      }
      const { source } = progress.failure ?? {};
      if (source === 'started-again') assert.equal(guest.on, true, 'the source does not run again');
      if (story.fails && progress.failure?.code === 'target-full') fails = false;
      // Tracking cannot be switched on above somebody's snapshot, and the message says that it has to go.
      if (progress.failure?.code === 'change-tracking-unavailable') await server.trouble('backup-ends', guest);
      // Whoever finds it off starts it: the next try goes on with a VM that runs.
      if (!guest.on && source !== undefined) await server.others.powerOn(guest);
    }
  } catch (error) {
    throw new Error(
      `seed ${seed} (${ends.join(', ')}): ${error instanceof Error ? error.message : String(error)}\n${server.ledger.chronicle
        .of(guest.vm)
        .map(({ order, what, by }) => `${order} ${what} (${by})`)
        .join('\n')}`,
      { cause: error },
    );
  } finally {
    server.plague();
    await server.drop(guest);
  }
}

async function assertComplete(
  server: Vcenter,
  guest: SimulatedGuest,
  { files, keys }: { readonly files: Readonly<Record<string, string>>; readonly keys: readonly number[] },
): Promise<void> {
  const truth = guest.truth();
  assert.ok(truth !== undefined && !guest.on, 'the source runs');
  assert.equal(Object.keys(files).length, keys.length, 'disks are missing');
  for (const [at, key] of keys.entries()) {
    const file = Object.values(files)[at] ?? '';
    const arrived = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    assert.equal(arrived, truth.digest(key), `disk ${at} differs from the guest's`);
  }
  assert.equal(guest.writesWhileOff, 0);
  const left = server.ledger.openSnapshots.filter(({ vm }) => vm === guest.vm).map(({ name }) => name);
  assert.deepEqual(left, [], 'snapshots are left');
}

test('whatever befalls a warm migration, its disks are those of the guest when its power went', {
  timeout: 5_400_000,
}, async (t) => {
  const server = await startVcenter({ vms: 1, model: { datastore: 2 }, areasPerAnswer: 5 });
  t.after(async () => await server[Symbol.asyncDispose]());
  const scratch = await mkdtemp(join(tmpdir(), 'kubeferry-warm-'));
  t.after(async () => await rm(scratch, { recursive: true, force: true }));
  const failures: string[] = [];
  const tally = new Map<string, number>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed += 1) {
    const folder = join(scratch, String(seed));
    try {
      for (const end of (await run(server, storyOf(seed), folder)).split(' ')) tally.set(end, (tally.get(end) ?? 0) + 1);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
    await rm(folder, { recursive: true, force: true });
  }
  t.diagnostic(`${RUNS} runs; how their processes ended: ${JSON.stringify(Object.fromEntries(tally))}`);
  assert.deepEqual(failures, []);
  assert.equal(tally.get('Completed'), RUNS);
});
