/**
 * One run of a story: processes that migrate a VM warm to a folder, are killed and begun again, until the VM is at its target. Held in every run: the
 * disks at the target are those of the guest when its power went; nothing of ours is left at the source; a VM is never made while its source
 * runs; a source that a failed cutover stopped runs again. Where the source comes from is a `WarmGround`.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '../../../src/model/error-codes.ts';
import type { Attempt, Told } from './attempt.ts';
import type { WarmStory } from './story.ts';

/** A source that simulates guests. */
export interface WarmGround {
  readonly access: Pick<Attempt, 'server' | 'files'>;
  /** A VM of this name with a guest that writes, and the troubles of the story. */
  begin(name: string, story: WarmStory): Promise<WarmGuest>;
}

export interface WarmGuest {
  readonly on: boolean;
  /** Keys of its disks as they are now, in the order in which a migration names them. */
  readonly disks: readonly (string | number)[];
  /** SHA-256 of a disk when the power went last; undefined while it is on. */
  digest(disk: string | number): string | undefined;
  /** Bytes that something wrote although the power was off. */
  readonly writesWhileOff: number;
  powerOn(): Promise<void>;
  /** No more troubles from now on. */
  calm(): void;
  /** What somebody does about this failure before he tries again. */
  afterFailure(code: ErrorCode): Promise<void>;
  /** What of ours is left at the source: snapshots, checkpoints, reference points, sessions. */
  left(): readonly string[];
  /** What happened, in its order. */
  told(): string;
  /** The run is over. */
  drop(): Promise<void>;
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
/** Processes of one run; each that ends with a failure is followed by a person's retry. */
const MOST_PROCESSES = 14;
/** Milliseconds until a process that does not end is a fault of its own. */
const PATIENCE = 90_000;
/** Whoever plays many wants to see them go by. */
const SOAK = process.env['KUBEFERRY_SOAK'] !== undefined;
const WEEK = 7 * 24 * 3_600_000;

interface Process {
  readonly told: readonly Told[];
  readonly killed: boolean;
}

/** One process, from its beginning to its end. */
async function oneProcess(attempt: Attempt, killAfter: number | undefined, onTold: (told: Told) => void): Promise<Process> {
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

/** How the run went: what became of its processes. @throws AssertionError */
async function play(ground: WarmGround, story: WarmStory, folder: string): Promise<string> {
  const name = `run-${story.seed}`;
  const guest = await ground.begin(name, story);
  const kills = [...story.kills];
  let place = join(folder, 'first');
  /** Of the source when the VM was made: what comes later is nobody's business. */
  let last: WarmGuest['disks'] = [];
  const ends: string[] = [];
  /** What the last process that failed said. */
  let said = '';
  let fails = story.fails;
  try {
    for (let process = 0; ; process += 1) {
      assert.ok(process < MOST_PROCESSES, `no end: ${ends.join(', ')}`);
      // A person looks at what failed again and again, and takes what is in the way out of it.
      if (process === MOST_PROCESSES / 2) guest.calm();
      const attempt: Attempt = {
        ...{ ...ground.access, vm: name, folder: place, schedule: story.schedule },
        ...(story.wordAfter !== undefined && { wordAfter: story.wordAfter }),
        ...(fails && { fails: 'createVm' }),
        late: (process * WEEK) / 3,
      };
      const { told, killed } = await oneProcess(attempt, kills.shift(), (message) => {
        if (message.kind !== 'created') return;
        assert.equal(guest.on, false, 'the VM is made while its source runs');
        last = guest.disks;
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
        said = word.message;
        // The disks of a VM that is off, and so is migrated cold, are not expected to change.
        if (word.code === 'target-occupied') place = join(folder, `after-${process}`);
        continue;
      }
      assert.ok(word.kind === 'end', `a process ended, or was ended after ${PATIENCE} ms, at ${JSON.stringify(told.slice(-3))}`);
      const { progress } = word;
      ends.push(progress.failure?.code ?? progress.phase);
      said = progress.failure?.message ?? said;
      if (progress.phase === 'Completed') {
        await assertComplete(guest, { files: word.disks, keys: last });
        return ends.join(' ');
      }
      const { source, code } = progress.failure ?? {};
      if (source === 'started-again') assert.equal(guest.on, true, 'the source does not run again');
      if (story.fails && code === 'target-full') fails = false;
      if (code !== undefined) await guest.afterFailure(code);
      // Whoever finds it off starts it: the next try goes on with a VM that runs.
      if (!guest.on && source !== undefined) await guest.powerOn();
    }
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${story.seed} (${ends.join(', ')}): ${what}\n${said}\n${guest.told()}`, { cause: error });
  } finally {
    guest.calm();
    await guest.drop();
  }
}

async function assertComplete(
  guest: WarmGuest,
  { files, keys }: { readonly files: Readonly<Record<string, string>>; readonly keys: WarmGuest['disks'] },
): Promise<void> {
  assert.equal(guest.on, false, 'the source runs');
  assert.equal(Object.keys(files).length, keys.length, 'disks are missing');
  for (const [at, key] of keys.entries()) {
    const file = Object.values(files)[at] ?? '';
    const arrived = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    assert.equal(arrived, guest.digest(key), `disk ${key} differs from the guest's`);
  }
  assert.equal(guest.writesWhileOff, 0);
  assert.deepEqual(guest.left(), [], 'something of ours is left at the source');
}

/** Plays the stories of so many seeds, one after the other, and tells all that went wrong. @throws AssertionError */
export async function playAll(t: TestContext, ground: WarmGround, stories: readonly WarmStory[]): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'kubeferry-warm-'));
  t.after(async () => await rm(scratch, { recursive: true, force: true }));
  const failures: string[] = [];
  const tally = new Map<string, number>();
  for (const story of stories) {
    const folder = join(scratch, String(story.seed));
    try {
      const ends = await play(ground, story, folder);
      for (const end of ends.split(' ')) tally.set(end, (tally.get(end) ?? 0) + 1);
      if (SOAK) process.stderr.write(`${story.seed}: ${ends}\n`);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      if (SOAK) process.stderr.write(`${failures.at(-1)}\n`);
    }
    await rm(folder, { recursive: true, force: true });
  }
  t.diagnostic(`${stories.length} runs; how their processes ended: ${JSON.stringify(Object.fromEntries(tally))}`);
  assert.deepEqual(failures, []);
  assert.equal(tally.get('Completed'), stories.length);
}

/** Seeds of a run: so many, or what the soak plays. `KUBEFERRY_SEED=17` begins with that seed. */
export function seeds(few: number, many: number): readonly number[] {
  const count = SOAK ? many : few;
  const first = Number(process.env['KUBEFERRY_SEED'] ?? 1);
  return Array.from({ length: count }, (_, index) => first + index);
}
