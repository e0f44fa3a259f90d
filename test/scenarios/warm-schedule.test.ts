/** Weeks of warm migration in virtual time: when the cutover comes, when it does not, and what becomes of both ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELD_BY_TEST } from '../../src/model/precopy.ts';
import type { Schedule } from '../../src/model/schedule.ts';
import { MiB } from '../../src/model/units.ts';
import { rollBack } from '../../src/plan/advance.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { type GuestOptions, WarmWorld } from '../fakes/warm-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday. */
const START = Date.parse('2026-03-23T08:00:00Z');

interface Stage {
  readonly clock: VirtualClock;
  readonly world: WarmWorld;
}

function stage(guests: Readonly<Record<string, GuestOptions>>, schedule: Partial<Schedule> = {}): Stage {
  const clock = new VirtualClock(START);
  const world = new WarmWorld(clock, guests);
  for (const name of Object.keys(guests)) {
    world.wish(name, { schedule: { cutover: { kind: 'manual' }, blackouts: [], ...schedule } });
  }
  return { clock, world };
}

/** Lets `milliseconds` pass with a process at work, which ends at the end of them; also when its work has ended before. */
async function work({ clock, world }: Stage, milliseconds: number): Promise<void> {
  const end = new AbortController();
  const run = world.run(end.signal);
  await clock.pass(milliseconds);
  end.abort();
  await run;
}

const SUNDAY_NIGHT = { cron: '30 2 * * 0', minutes: 60, timeZone: 'Europe/Berlin' };

function windows(...all: (typeof SUNDAY_NIGHT)[]): Partial<Schedule> {
  return { cutover: { kind: 'windows', windows: all } };
}

/** A delta that was to end just before the window may take a second of it. The guest takes 20 s to shut down. */
function assertShortlyAfter(at: string | undefined, opening: string): void {
  const late = Date.parse(at ?? '') - Date.parse(opening);
  assert.ok(late >= 0 && late <= 5000, `${at}, ${late} ms after ${opening}`);
}

test('a window in the hour that is left out when the clocks go forward opens at the leap', async () => {
  const on = stage({ web: {} }, windows(SUNDAY_NIGHT));
  await work(on, 8 * DAY);
  // Sunday 29 March 2026: 02:30 does not exist in Berlin; the window is from 03:00 (01:00 UTC) on.
  const [off, created] = [...on.world.happened];
  assert.deepEqual([off?.what, created?.what], ['off', 'created']);
  assertShortlyAfter(off?.at, '2026-03-29T01:00:20.000Z');
  assert.equal(on.world.progress('web')?.phase, 'Completed');
  assert.ok(Date.parse(created?.at ?? '') < Date.parse('2026-03-29T02:00:00Z'), 'it ends in the window');
});

test('a window that was missed because nothing ran waits for the next one', async () => {
  const on = stage({ web: {} }, windows(SUNDAY_NIGHT));
  await work(on, 4 * DAY);
  await on.clock.pass(4 * DAY);
  assert.equal(on.world.happened.length, 0);
  await work(on, 4 * DAY);
  assert.equal(on.world.happened.length, 0, 'it does not make up for it outside of a window');
  await work(on, 2 * DAY);
  assertShortlyAfter(on.world.happened[0]?.at, '2026-04-05T00:30:20.000Z');
});

test('what cannot end in its window never begins, and says so', async () => {
  const on = stage({ web: {} }, windows({ ...SUNDAY_NIGHT, minutes: 1 }));
  await work(on, 8 * DAY);
  assert.equal(on.world.happened.length, 0);
  assert.match(on.world.progress('web')?.outlook?.cutoverBecause ?? '', /the longest window is 60 s/);
});

test('blackouts go before windows', async () => {
  const easter = { begin: Date.parse('2026-03-28T00:00:00Z'), end: Date.parse('2026-04-07T00:00:00Z') };
  const on = stage({ web: {} }, { ...windows(SUNDAY_NIGHT), blackouts: [easter] });
  await work(on, 21 * DAY);
  assert.equal(on.world.happened[0]?.at, '2026-04-12T00:30:20.000Z');
});

test('no snapshot is held through a wait, and a long wait costs few of them', async () => {
  const on = stage({ web: {} });
  await work(on, 14 * DAY);
  assert.equal(on.world.progress('web')?.phase, 'AwaitPrecopy');
  assert.equal(on.world.guest('web').held.size, 0);
  const passes = on.world.progress('web')?.warm?.passes.at(-1)?.number ?? 0;
  assert.ok(passes > 14 && passes < 1000, `${passes} passes`);
});

test('a word is heard while the VM waits, and the rest is small by then', async () => {
  const on = stage({ web: {} });
  const end = new AbortController();
  const run = on.world.run(end.signal);
  await on.clock.pass(3 * DAY + 1000);
  on.world.wish('web', { cutoverAt: on.clock.now() });
  await on.clock.pass(HOUR);
  await run;
  const [off, created] = [...on.world.happened];
  assert.deepEqual([off?.what, created?.what], ['off', 'created']);
  assert.ok(Date.parse(created?.at ?? '') - Date.parse(off?.at ?? '') < 60_000, 'its downtime is within the goal');
});

test('nothing begins before its time', async () => {
  const on = stage({ web: {} }, { start: START + 2 * DAY, cutover: { kind: 'when-ready' } });
  await work(on, 2 * DAY - 1);
  assert.equal(on.world.progress('web')?.phase, 'Pending');
  assert.equal(on.world.progress('web')?.outlook?.next, 'start');
  await work(on, DAY);
  assert.equal(on.world.progress('web')?.phase, 'Completed');
});

test('a downtime beyond its budget is not begun, and numbers say what would help', async () => {
  const on = stage({ wild: { changes: 200 * MiB } }, { cutover: { kind: 'when-ready' }, downtimeBudget: 90 });
  await work(on, 2 * DAY);
  assert.equal(on.world.happened.length, 0);
  const { outlook } = on.world.progress('wild') ?? {};
  assert.match(outlook?.cutoverBecause ?? '', /downtime of .* is predicted, 90 s are allowed/);
});

test('a precopy that fails once costs nothing but time', async () => {
  const on = stage({ web: { failsOnce: ['Snapshot'] } }, { cutover: { kind: 'when-ready' } });
  await work(on, 3 * HOUR);
  assert.equal(on.world.progress('web')?.phase, 'Completed');
  assert.equal(on.world.guest('web').fails.size, 0);
});

test('a group is cut over together', async () => {
  const on = stage(
    { db: { group: 'shop' }, web: { group: 'shop', changes: 20 * MiB }, alone: {} },
    { cutover: { kind: 'when-ready' } },
  );
  on.world.wish('db', { schedule: { cutover: { kind: 'when-ready' }, blackouts: [], start: START + 5 * HOUR } });
  await work(on, 12 * HOUR);
  const off = on.world.happened.filter(({ what }) => what === 'off');
  assert.ok(Date.parse(off[0]?.at ?? '') < START + 5 * HOUR && off[0]?.vm === 'alone');
  const group = off.filter(({ vm }) => vm !== 'alone').map(({ at }) => Date.parse(at));
  assert.ok(Math.abs((group[0] ?? 0) - (group[1] ?? Number.NaN)) < 60_000, 'one waits for the other');
  for (const name of ['db', 'web', 'alone']) assert.equal(on.world.progress(name)?.phase, 'Completed');
});

test('a group whose last member comes after the window waits for the next window together', async () => {
  const nightly = { cron: '0 22 * * *', minutes: 60, timeZone: 'UTC' };
  const on = stage({ db: { group: 'shop' }, web: { group: 'shop' } }, windows(nightly));
  on.world.wish('db', {
    schedule: { ...windows(nightly), cutover: { kind: 'windows', windows: [nightly] }, blackouts: [], start: START + 15 * HOUR },
  });
  await work(on, 2 * DAY);
  const off = on.world.happened.filter(({ what }) => what === 'off').map(({ at }) => at.slice(0, 13));
  assert.deepEqual(off, ['2026-03-24T22', '2026-03-24T22']);
});

test('when one of a group fails behind its power-off, all of them run at the source again', async () => {
  const on = stage(
    { db: { group: 'shop', failsOnce: ['CopyFinalDelta'] }, web: { group: 'shop' } },
    { cutover: { kind: 'when-ready' } },
  );
  await work(on, 6 * HOUR);
  assert.deepEqual(
    ['db', 'web'].map((name) => on.world.progress(name)?.failure?.code),
    ['snapshot-failed', 'group-failed'],
  );
  assert.deepEqual(
    ['db', 'web'].map((name) => on.world.progress(name)?.failure?.source),
    ['started-again', 'started-again'],
  );
  assert.deepEqual(
    ['db', 'web'].map((name) => [on.world.guest(name).on, on.world.guest(name).runs]),
    [
      [true, false],
      [true, false],
    ],
  );
  await work(on, 6 * HOUR);
  assert.deepEqual(
    ['db', 'web'].map((name) => on.world.progress(name)?.phase),
    ['Completed', 'Completed'],
    'and the next try is a delta',
  );
});

test('a VM that nobody commits in time runs at the source again, and never twice', async () => {
  const on = stage({ web: { commit: true } }, { cutover: { kind: 'when-ready' } });
  on.world.wish('web', { commit: { within: 1800, otherwise: 'roll-back' } });
  await work(on, 6 * HOUR);
  assert.equal(on.world.progress('web')?.phase, 'RolledBack');
  assert.deepEqual(
    on.world.happened.map(({ what }) => what),
    ['off', 'created', 'stopped', 'on again'],
  );
  const [, created, stopped] = on.world.happened.map(({ at }) => Date.parse(at));
  assert.equal((stopped ?? 0) - (created ?? 0), 1800_000);
});

test('a VM that somebody commits is final', async () => {
  const on = stage({ web: { commit: true } }, { cutover: { kind: 'when-ready' } });
  on.world.wish('web', { commit: { within: 1800, otherwise: 'roll-back' }, decision: 'commit' });
  await work(on, 6 * HOUR);
  assert.equal(on.world.progress('web')?.phase, 'Committed');
  assert.equal(on.world.guest('web').runs, true);
});

test('a failure when the VM is made stops it there before the source is started', async () => {
  const on = stage({ web: { failsOnce: ['CreateVm'] } }, { cutover: { kind: 'when-ready' } });
  await work(on, 3 * HOUR);
  assert.deepEqual(on.world.progress('web')?.failure?.target, 'never-there');
  assert.equal(on.world.guest('web').on, true);
});

test('a target that is found to be gone before the shutdown is copied to anew while the source runs', async () => {
  const on = stage({ web: { losesTarget: true } }, { cutover: { kind: 'when-ready' } });
  await work(on, 2 * HOUR);
  assert.deepEqual(
    on.world.happened.map(({ what }) => what),
    ['off', 'created'],
  );
  const { phase, warm, history = [] } = on.world.progress('web') ?? {};
  assert.equal(phase, 'Completed');
  const pass = warm?.passes.at(-1)?.checkpointAt ?? '';
  const off = history.find((record) => record.phase === 'PowerOffSource');
  assert.ok(pass < (off?.startedAt ?? ''));
  assert.ok((warm?.passes.at(-1)?.number ?? 0) >= 2);
});

test('a target that a test holds is not copied to and not cut over, whatever is due, until the test ends', async () => {
  const on = stage({ web: {} }, { cutover: { kind: 'when-ready' } });
  on.world.wish('web', { held: HELD_BY_TEST, cutoverAt: START });
  await work(on, 3 * DAY);
  const held = on.world.progress('web');
  assert.equal(held?.warm?.passes.length, 1);
  assert.deepEqual(held?.outlook, { next: 'precopy', because: HELD_BY_TEST });
  on.world.wishes.set('web', { schedule: { cutover: { kind: 'when-ready' }, blackouts: [] } });
  await work(on, HOUR);
  assert.equal(on.world.progress('web')?.phase, 'Completed');
});

test('a source is renamed once its VM is committed, never before, and not when it is taken back', async () => {
  const on = stage(
    { web: { commit: true, retire: 'done' }, db: { commit: true, retire: 'done' } },
    { cutover: { kind: 'when-ready' } },
  );
  for (const name of ['web', 'db']) on.world.wish(name, { commit: { otherwise: 'roll-back' } });
  await work(on, HOUR);
  assert.deepEqual(
    on.world.happened.filter(({ what }) => what.startsWith('renamed')),
    [],
  );
  on.world.wish('web', { decision: 'commit' });
  on.world.wish('db', { decision: 'roll-back' });
  await work(on, HOUR);
  assert.equal(on.world.progress('web')?.phase, 'Committed');
  assert.equal(on.world.progress('db')?.phase, 'RolledBack');
  assert.deepEqual(
    on.world.happened.filter(({ what }) => what.startsWith('renamed')).map(({ what }) => what),
    ['renamed web-migrated'],
  );
});

test('a source that cannot be renamed is no failure, and the history says why', async () => {
  const on = stage({ web: { retire: 'refused' } }, { cutover: { kind: 'when-ready' } });
  await work(on, HOUR);
  const { phase, history = [] } = on.world.progress('web') ?? {};
  assert.equal(phase, 'Completed');
  assert.match(history.at(-1)?.skipped ?? '', /^Warning: the source web could not be retired: May not rename\./);
});

test('where somebody is to be asked, a failed cutover leaves the source off, says so, and a rollback starts it', async () => {
  const on = stage({ web: { failsOnce: ['CreateVm'] } }, { cutover: { kind: 'when-ready' } });
  const end = new AbortController();
  const run = on.world.run(end.signal, { powerOnAfterFailure: 'ask' });
  await on.clock.pass(HOUR);
  end.abort();
  await run;
  const failed = on.world.progress('web') ?? assert.fail();
  assert.deepEqual([failed.phase, failed.failure?.source, on.world.guest('web').on], ['Failed', 'left-off', false]);
  assert.match(failed.failure?.hint ?? '', /stays off until somebody decides.*kubeferry rollback/);
  const back = rollBack(failed, new Date(on.clock.now()).toISOString()) ?? assert.fail('nothing to bring back');
  assert.equal(back.phase, 'RollBack');
});
