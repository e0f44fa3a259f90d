import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isTerminal } from '../../src/model/phase.ts';
import type { StepEvent, VmPlan, VmProgress } from '../../src/model/plan.ts';
import type { TransferResult } from '../../src/model/transfer.ts';
import { advance as advanceBy, begin, resume, rollBack } from '../../src/plan/advance.ts';
import { ITINERARIES, itineraryOf } from '../../src/plan/itineraries.ts';
import { fakePlan } from '../fakes/vm.ts';

const AT = '2026-01-02T03:04:05.000Z';
const LATER = '2026-01-02T03:05:05.000Z';
const FAILED: StepEvent = { kind: 'failed', code: 'target-full', message: 'No space.', hint: 'Free some.' };

const advance = (progress: VmProgress, event: StepEvent, at: string): VmProgress => advanceBy(fakePlan(), progress, event, at);

function reach(phase: VmProgress['phase']): VmProgress {
  let progress = begin(fakePlan(), AT);
  while (progress.phase !== phase) progress = advance(progress, { kind: 'done' }, AT);
  return progress;
}

function result(job: string, moved: number): TransferResult {
  return { job, size: 1, moved, allocated: 1, seconds: 1, transport: 'test' };
}

test('a cold migration that only succeeds goes through its itinerary and completes', () => {
  const progress = reach('Completed');
  assert.deepEqual(
    progress.history.map(({ phase }) => phase),
    ITINERARIES.cold,
  );
});

test('a skipped phase keeps the reason', () => {
  const progress = advance(begin(fakePlan(), AT), { kind: 'skipped', because: 'nothing to do' }, LATER);
  assert.deepEqual(progress.history, [{ phase: 'Pending', startedAt: AT, endedAt: LATER, skipped: 'nothing to do' }]);
  assert.equal(progress.since, LATER);
});

test('a failure keeps phase, code and reason, and is terminal', () => {
  const failed = advance(reach('CopyDisks'), FAILED, LATER);
  assert.equal(failed.phase, 'Failed');
  assert.deepEqual(failed.failure, { phase: 'CopyDisks', code: 'target-full', message: 'No space.', hint: 'Free some.' });
  assert.equal(advance(failed, { kind: 'done' }, LATER), failed);
});

test('a finished disk does not end the phase, and a repeated one counts once', () => {
  const copying = reach('CopyDisks');
  const once = advance(copying, { kind: 'transferred', result: result('web/a', 5) }, LATER);
  const twice = advance(once, { kind: 'transferred', result: result('web/a', 0) }, LATER);
  assert.equal(twice.phase, 'CopyDisks');
  assert.deepEqual(twice.transfers, [result('web/a', 0)]);
});

test('resuming returns to the phase that failed and forgets the failure', () => {
  const resumed = resume(advance(reach('CopyDisks'), FAILED, LATER), LATER);
  assert.equal(resumed.phase, 'CopyDisks');
  assert.equal('failure' in resumed, false);
});

test('a migration whose source was started again stops it anew when it goes on', () => {
  const stopped = advance(reach('PowerOffSource'), { kind: 'source-stopping' }, LATER);
  assert.equal(stopped.phase, 'PowerOffSource');
  const result = { job: 'web/0', size: 1, moved: 1, allocated: 1, seconds: 1, transport: 'none' };
  const copying = advance(advance(stopped, { kind: 'done' }, LATER), { kind: 'transferred', result }, LATER);
  const failed = advance(copying, { ...FAILED, source: 'started-again' }, LATER);
  assert.equal(failed.failure?.source, 'started-again');
  const resumed = resume(failed, LATER);
  assert.equal(resumed.phase, 'PowerOffSource');
  assert.equal('sourceStopped' in resumed, false);
  assert.deepEqual(resumed.transfers, [], 'what was copied before the source ran again is copied anew');
  const leftOff = resume(advance(copying, { ...FAILED, source: 'left-off' }, LATER), LATER);
  assert.equal(leftOff.phase, 'CopyDisks');
  assert.equal(leftOff.sourceStopped, true);
  assert.deepEqual(leftOff.transfers, [result]);
});

test('a VM that was not seen to boot, and was stopped with its source left off, is told to run again before anybody looks', () => {
  const failed = advance(reach('Prove'), { ...FAILED, source: 'left-off', target: 'stopped' }, LATER);
  assert.equal(failed.failure?.phase, 'Prove');
  assert.equal(resume(failed, LATER).phase, 'CreateVm');
  assert.equal(resume(reach('Prove'), LATER).phase, 'Prove', 'one that runs and was left by its process is looked at on');
});

test('resuming a migration that was killed continues where it was', () => {
  const killed = reach('Convert');
  assert.equal(resume(killed, LATER), killed);
});

test('whatever events come, in whatever order, phases only move along the itinerary or stop', () => {
  const events = fc.array(
    fc.constantFrom<StepEvent>(
      { kind: 'done' },
      { kind: 'skipped', because: 'x' },
      FAILED,
      { kind: 'canceled' },
      { kind: 'transferred', result: result('a', 1) },
    ),
  );
  fc.assert(
    fc.property(events, (list) => {
      let progress = begin(fakePlan(), AT);
      for (const event of list) {
        const before = progress;
        progress = advance(progress, event, LATER);
        if (isTerminal(before.phase)) assert.equal(progress, before);
      }
      assert.deepEqual(
        progress.history.map(({ phase }) => phase),
        ITINERARIES.cold.slice(0, progress.history.length),
      );
    }),
    { seed: 7 },
  );
});

const WARM: VmPlan = { ...fakePlan(), type: 'warm', itinerary: itineraryOf('warm', { group: false, commit: false }) };

function warmAt(phase: VmProgress['phase'], progress: VmProgress = begin(WARM, AT)): VmProgress {
  for (let at = progress; ; at = advanceBy(WARM, at, { kind: 'done' }, AT)) if (at.phase === phase) return at;
}

const HELD = { id: 's-1', name: 'k 1', pass: 1, at: AT, seconds: 2, checkpoints: { a: '52/1' } };

function passEnded(number: number): StepEvent {
  const pass = { number, checkpointAt: AT, bytes: 10, copySeconds: 1, snapshotSeconds: 2 };
  return { kind: 'pass-ended', pass, checkpoints: { a: `52/${number}` } };
}

/** Behind the full copy. */
function copied(): VmProgress {
  const held = advanceBy(WARM, warmAt('Snapshot'), { kind: 'snapshot-held', held: HELD }, AT);
  const ended = advanceBy(WARM, advanceBy(WARM, held, { kind: 'done' }, AT), passEnded(1), AT);
  return advanceBy(WARM, ended, { kind: 'snapshot-released' }, AT);
}

test('a source that tells its checkpoints late keeps the older one until the newer one counts, and is asked to let go of it once', () => {
  const settled = (progress: VmProgress, number: number): VmProgress => {
    const held = advanceBy(WARM, progress, { kind: 'snapshot-held', held: { ...HELD, checkpoints: {} } }, AT);
    const checkpoints = held.warm?.checkpoints ?? {};
    const pass = { number, checkpointAt: AT, bytes: 10, copySeconds: 1, snapshotSeconds: 2 };
    const ended = advanceBy(WARM, held, { kind: 'pass-ended', pass, checkpoints }, AT);
    assert.deepEqual(ended.warm?.checkpoints, checkpoints, 'what a kill leaves now still is a beginning for the next delta');
    return advanceBy(WARM, ended, { kind: 'snapshot-released', checkpoints: { a: `rp-${number}` } }, AT);
  };
  const second = settled(settled(warmAt('Snapshot'), 1), 2);
  assert.deepEqual([second.warm?.checkpoints, second.warm?.outdated], [{ a: 'rp-2' }, ['rp-1']]);
  const again = settled(second, 3);
  assert.deepEqual(again.warm?.outdated, ['rp-1', 'rp-2'], 'what could not be let go is not forgotten');
  const told = advanceBy(WARM, again, { kind: 'checkpoints-left', toDo: 'Remove rp-1.' }, AT);
  assert.deepEqual([told.warm?.left, told.warm?.outdated], ['Remove rp-1.', ['rp-1', 'rp-2']]);
  const free = advanceBy(WARM, told, { kind: 'checkpoints-forgotten', checkpoints: ['rp-1', 'rp-2'] }, AT);
  assert.deepEqual([free.warm?.checkpoints, free.warm?.outdated, free.warm?.left], [{ a: 'rp-3' }, undefined, undefined]);
  const over = advanceBy(WARM, free, { kind: 'checkpoints-forgotten', checkpoints: ['rp-3'] }, AT);
  assert.deepEqual(over.warm?.checkpoints, {});
});

test('checkpoints of disks that were changed count no more, and are kept in mind', () => {
  const progress = copied();
  assert.deepEqual(advanceBy(WARM, progress, { kind: 'replanned', kept: [] }, AT).warm?.outdated, ['52/1']);
  assert.equal(advanceBy(WARM, progress, passEnded(2), AT).warm?.outdated, undefined, 'a change id costs the source nothing');
});

test('a warm migration copies everything once, then what changed as often as it is turned back, then the rest', () => {
  const first = copied();
  assert.equal(first.phase, 'CopyDisks');
  assert.deepEqual([first.warm?.checkpoints, first.warm?.held], [{ a: '52/1' }, undefined]);
  let at = advanceBy(WARM, first, { kind: 'done' }, AT);
  for (let round = 2; round < 30; round += 1) {
    assert.equal(at.phase, 'AwaitPrecopy');
    at = advanceBy(WARM, at, { kind: 'turned', to: 'Snapshot' }, LATER);
    at = advanceBy(WARM, at, { kind: 'done' }, LATER);
    assert.equal(at.phase, 'CopyDelta');
    at = advanceBy(WARM, advanceBy(WARM, at, passEnded(round), LATER), { kind: 'done' }, LATER);
  }
  assert.ok((at.warm?.passes.length ?? 0) < 20, 'what is remembered does not grow');
  assert.equal(at.warm?.passes[0]?.number, 1);
  assert.equal(at.warm?.passes.at(-1)?.number, 29);
  const end = warmAt('Completed', at);
  assert.deepEqual(
    end.history.map(({ phase }) => phase).filter((phase) => phase !== 'Snapshot' && phase !== 'CopyDelta'),
    ITINERARIES.warm.filter((phase) => phase !== 'Snapshot' && phase !== 'CopyDelta'),
    'rounds are in the history once',
  );
});

test('a precopy that fails is no end, five in a row are', () => {
  let at = advanceBy(WARM, copied(), { kind: 'done' }, AT);
  for (let count = 1; count < 5; count += 1) {
    at = advanceBy(WARM, advanceBy(WARM, at, { kind: 'turned', to: 'Snapshot' }, AT), FAILED, LATER);
    assert.equal(at.phase, 'AwaitPrecopy');
    assert.deepEqual(at.warm?.setback, { count, code: 'target-full', message: 'No space.', at: LATER });
  }
  const mended = advanceBy(
    WARM,
    warmAt('CopyDelta', advanceBy(WARM, at, { kind: 'turned', to: 'Snapshot' }, AT)),
    passEnded(2),
    AT,
  );
  assert.equal(mended.warm?.setback, undefined);
  at = advanceBy(WARM, advanceBy(WARM, at, { kind: 'turned', to: 'Snapshot' }, AT), FAILED, LATER);
  assert.deepEqual([at.phase, at.failure?.phase], ['Failed', 'Snapshot']);
});

test('a first copy that fails is tried again where that may help, and goes on where it was', () => {
  const failed = advanceBy(WARM, warmAt('CopyDisks'), FAILED, LATER);
  assert.equal(failed.phase, 'Failed');
  assert.equal(resume(failed, LATER).phase, 'CopyDisks');
  const away = advanceBy(WARM, warmAt('CopyDisks'), { ...FAILED, code: 'source-unreachable' }, LATER);
  assert.deepEqual([away.phase, away.warm?.setback?.count], ['AwaitPrecopy', 1]);
});

test('a warm VM whose source was started again goes on with a precopy of what changed since the last one', () => {
  const stopped = advanceBy(WARM, warmAt('PowerOffSource', copied()), { kind: 'source-stopping' }, LATER);
  const early = advanceBy(WARM, warmAt('CopyFinalDelta', stopped), { ...FAILED, source: 'started-again' }, LATER);
  assert.deepEqual([resume(early, LATER).phase, resume(early, LATER).warm?.checkpoints], ['Snapshot', { a: '52/1' }]);
  const late = advanceBy(WARM, warmAt('CreateVm', stopped), { ...FAILED, source: 'started-again' }, LATER);
  assert.deepEqual([resume(late, LATER).phase, resume(late, LATER).warm?.checkpoints], ['Snapshot', { a: '52/1' }]);
  assert.equal('sourceStopped' in resume(late, LATER), false);
});

test('a VM with a way back is committed, or rolled back and then migrated anew', () => {
  const plan: VmPlan = { ...WARM, itinerary: itineraryOf('warm', { group: true, commit: true }) };
  let at = begin(plan, AT);
  while (at.phase !== 'AwaitCommit') at = advanceBy(plan, at, { kind: 'done' }, AT);
  assert.ok(at.history.some(({ phase }) => phase === 'AwaitGroup'));
  assert.equal(advanceBy(plan, at, { kind: 'done' }, AT).phase, 'Committed');
  const back = advanceBy(plan, at, { kind: 'turned', to: 'RollBack' }, AT);
  const inspecting = advanceBy(plan, back, { kind: 'done' }, AT);
  assert.equal(inspecting.phase, 'InspectTarget');
  const disks = [{ disk: 'a', content: 'written' as const }];
  const rolled = advanceBy(plan, advanceBy(plan, inspecting, { kind: 'target-inspected', disks }, AT), { kind: 'done' }, AT);
  assert.deepEqual([rolled.phase, rolled.sinceCutover], ['RolledBack', disks]);
  const again = resume(rolled, LATER);
  assert.deepEqual([again.phase, again.sinceCutover], ['Snapshot', undefined]);
});

test('a source that was left off can be brought back; one that runs need not', () => {
  const stopped = advanceBy(WARM, warmAt('PowerOffSource', copied()), { kind: 'source-stopping' }, LATER);
  const off = advanceBy(WARM, warmAt('CopyFinalDelta', stopped), { ...FAILED, source: 'left-off' }, LATER);
  assert.equal(rollBack(off, LATER)?.phase, 'RollBack');
  const on = advanceBy(WARM, warmAt('CopyFinalDelta', stopped), { ...FAILED, source: 'started-again' }, LATER);
  assert.equal(rollBack(on, LATER), undefined);
  assert.equal(rollBack(copied(), LATER), undefined);
});

test('disks that changed lose their checkpoint, the others keep theirs', () => {
  const at = advanceBy(WARM, copied(), { kind: 'replanned', kept: ['b'] }, AT);
  assert.deepEqual([at.phase, at.warm?.checkpoints], ['CopyDisks', {}]);
  assert.deepEqual(advanceBy(WARM, copied(), { kind: 'replanned', kept: ['a', 'b'] }, AT).warm?.checkpoints, { a: '52/1' });
});

test('a phase that a newer plan leaves out leads on, not back to the beginning', () => {
  const grouped: VmPlan = { ...WARM, itinerary: itineraryOf('warm', { group: true, commit: true }) };
  let at = begin(grouped, AT);
  while (at.phase !== 'AwaitGroup') at = advanceBy(grouped, at, { kind: 'done' }, AT);
  assert.equal(advanceBy(WARM, at, { kind: 'done' }, AT).phase, 'CreateVm');
  const cold: VmPlan = { ...fakePlan(), itinerary: itineraryOf('cold', { group: true, commit: false }) };
  let waits = begin(cold, AT);
  while (waits.phase !== 'AwaitCutover') waits = advanceBy(cold, waits, { kind: 'done' }, AT);
  assert.equal(advanceBy(fakePlan(), waits, { kind: 'done' }, AT).phase, 'PowerOffSource');
});

test('a target that is gone before the shutdown is copied anew, after a pause, while the source runs', () => {
  const ready = warmAt('AwaitCutover', copied());
  const gone = advanceBy(WARM, ready, { ...FAILED, code: 'target-changed' }, LATER);
  assert.deepEqual([gone.phase, gone.warm?.setback?.count], ['AwaitPrecopy', 1]);
  assert.equal(advanceBy(WARM, ready, FAILED, LATER).phase, 'Failed', 'anything else needs somebody');
});
