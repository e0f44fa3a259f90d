import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhaseRecord, VmProgress } from '../../src/model/plan.ts';
import type { PrecopyPass } from '../../src/model/precopy.ts';
import { downtimeOf } from '../../src/plan/downtime.ts';
import { fakePlan } from '../fakes/vm.ts';

const DAY = '2026-03-01T';

/** `['PowerOffSource', '22:00:00', '22:01:30']` */
function record([phase, from, to]: readonly [PhaseRecord['phase'], string, string]): PhaseRecord {
  return { phase, startedAt: `${DAY}${from}.000Z`, endedAt: `${DAY}${to}.000Z` };
}

function progress(history: readonly PhaseRecord[], more: Partial<VmProgress> = {}): VmProgress {
  const since = history.at(-1)?.endedAt ?? `${DAY}00:00:00.000Z`;
  const start = {
    vm: 'fake:web',
    targetName: 'web',
    type: 'warm',
    phase: 'Completed',
    transfers: [],
    sourceStopped: true,
  } as const;
  return { ...start, since, history, ...more };
}

function pass(number: number, at: string, bytes: number, copySeconds: number): PrecopyPass {
  return { number, checkpointAt: `${DAY}${at}.000Z`, bytes, copySeconds, snapshotSeconds: 1 };
}

const CUTOVER = [
  record(['AwaitCutover', '21:00:00', '22:00:00']),
  record(['PowerOffSource', '22:00:00', '22:00:40']),
  record(['CopyFinalDelta', '22:00:40', '22:00:52']),
  record(['Convert', '22:00:52', '22:01:00']),
  record(['CreateVm', '22:01:00', '22:01:01']),
  record(['Prove', '22:01:01', '22:01:31']),
];

test('the downtime begins with the shutdown, ends with the proof, and its parts are all of it', () => {
  const found = downtimeOf(fakePlan(), progress(CUTOVER)) ?? assert.fail();
  assert.deepEqual(
    found.parts.map(({ phase, seconds }) => `${phase} ${seconds}`),
    ['PowerOffSource 40', 'CopyFinalDelta 12', 'Convert 8', 'CreateVm 1', 'Prove 30'],
  );
  assert.equal(found.seconds, 91);
  assert.equal((Date.parse(found.to) - Date.parse(found.from)) / 1000, found.seconds);
  assert.equal(found.over, true);
});

test('a warm migration is held to what its passes had told when it was shut down', () => {
  const MiB = 2 ** 20;
  const passes = [pass(1, '20:00:00', 1000 * MiB, 100), pass(2, '21:00:00', 360 * MiB, 36)];
  const plan = { ...fakePlan(), warm: { fixed: { low: 10, likely: 60, high: 90 }, goal: 60 } };
  const transfers = [{ job: 'web/a', size: 1, moved: 300, allocated: 1, seconds: 1, transport: 'range' }];
  const { predicted } =
    downtimeOf(plan, progress(CUTOVER, { transfers, warm: { id: 'x', checkpoints: {}, passes } })) ?? assert.fail();
  // An hour at 0.1 MiB a second, copied at 10 MiB a second.
  assert.equal(predicted?.seconds.likely, 96);
  assert.deepEqual(predicted?.finalDelta, {
    predicted: { low: 360 * MiB, likely: 360 * MiB, high: 360 * MiB },
    actual: 300,
  });
});

test('a cold one is held to its estimate', () => {
  const downtimeSeconds = { low: 1, likely: 2, high: 3 };
  const found = downtimeOf(fakePlan(), progress(CUTOVER, { type: 'cold' }), { downtimeSeconds });
  assert.deepEqual(found?.predicted, { seconds: downtimeSeconds });
});

test('only the last cutover counts, and time between two tries counts where the source was off', () => {
  const history = [
    record(['PowerOffSource', '10:00:00', '10:01:00']),
    record(['PowerOffSource', '22:00:00', '22:00:40']),
    record(['CopyFinalDelta', '22:10:00', '22:10:30']),
    record(['Convert', '22:10:30', '22:10:30']),
    record(['CreateVm', '22:10:30', '22:10:31']),
    record(['Prove', '22:10:31', '22:11:00']),
  ];
  const found = downtimeOf(fakePlan(), progress(history)) ?? assert.fail();
  assert.equal(found.seconds, 660);
  assert.deepEqual(found.parts[1], { phase: 'Standstill', seconds: 560 });
});

test('a cutover that failed ends with the source that was started again, or goes on', () => {
  const failure = { phase: 'CopyFinalDelta', code: 'source-unreachable', message: 'gone', hint: '' } as const;
  const since = `${DAY}22:05:40.000Z`;
  const history = CUTOVER.slice(0, 2);
  const again = downtimeOf(
    fakePlan(),
    progress(history, { phase: 'Failed', since, failure: { ...failure, source: 'started-again' } }),
  );
  assert.deepEqual([again?.seconds, again?.over, again?.to], [340, true, since]);
  assert.deepEqual(again?.parts.at(-1), { phase: 'CopyFinalDelta', seconds: 300 });
  const off = downtimeOf(fakePlan(), progress(history, { phase: 'Failed', since, failure: { ...failure, source: 'left-off' } }));
  assert.equal(off?.over, false);
});

test('a VM that runs at the target until somebody takes it back is not down meanwhile', () => {
  const history = [...CUTOVER, record(['AwaitCommit', '22:01:31', '23:01:31']), record(['RollBack', '23:01:31', '23:02:01'])];
  const found = downtimeOf(fakePlan(), progress(history, { phase: 'RolledBack' }));
  assert.equal(found?.seconds, 121);
});

test('a source that was off, or still runs, has no downtime of ours', () => {
  const { sourceStopped: _, ...off } = progress(CUTOVER);
  assert.equal(downtimeOf(fakePlan(), off), undefined);
  assert.equal(downtimeOf(fakePlan(), progress(CUTOVER.slice(0, 1), { phase: 'AwaitCutover' })), undefined);
});
