import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isTerminal } from '../../src/model/phase.ts';
import type { StepEvent, VmProgress } from '../../src/model/plan.ts';
import type { TransferResult } from '../../src/model/transfer.ts';
import { advance as advanceBy, begin, resume } from '../../src/plan/advance.ts';
import { ITINERARIES } from '../../src/plan/itineraries.ts';
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
