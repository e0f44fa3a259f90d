import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesBetween, downtimeOf } from '../../src/metrics/vm-progress.ts';
import type { VmMigrationStatus } from '../../src/resources/vm-migration.ts';
import { condition } from './fleet.ts';

type Disk = NonNullable<VmMigrationStatus['disks']>[number];

const GiB = 2 ** 30;
const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const record = (phase: string, from: number, to: number) => ({ phase, startedAt: at(from), endedAt: at(to) });
const disk = (figures: Partial<Disk>): VmMigrationStatus => ({
  disks: [{ disk: 'scsi0:0', claim: 'web-0', capacity: 8 * GiB, done: 0, total: 0, stage: 'waiting', ...figures }],
});
const copying = (done: number): VmMigrationStatus => disk({ stage: 'copy', done, total: 4 * GiB });
const proving = (done: number): VmMigrationStatus => disk({ stage: 'prove', done, total: 4 * GiB });
const complete = (figures: Partial<Disk> = {}): VmMigrationStatus =>
  disk({
    ...{ stage: 'complete', done: 4 * GiB, total: 4 * GiB, allocated: 4 * GiB, moved: 4 * GiB, seconds: 60, root: 'abc' },
    ...figures,
  });

test('phases that ended since are told with how long they took, and skipped ones are left out', () => {
  const before = { history: [record('Pending', 0, 1)] };
  const skipped = { ...record('Convert', 31, 31), skipped: 'nothing to convert' };
  const after = { history: [...before.history, record('CopyDisks', 1, 31), skipped] };
  assert.deepEqual(changesBetween(before, after).phases, [{ phase: 'CopyDisks', seconds: 1800 }]);
});

test('bytes of a disk add up to what it holds, whatever was seen on the way', () => {
  const ways = [
    [disk({}), copying(1 * GiB), copying(4 * GiB), proving(2 * GiB), complete()],
    [disk({}), copying(1 * GiB), complete()],
    [disk({}), proving(1 * GiB), complete()],
    [disk({}), complete()],
  ];
  for (const way of ways) {
    const changes = way.slice(1).map((after, index) => changesBetween(way[index] ?? {}, after));
    assert.equal(
      changes.reduce((sum, { copied }) => sum + copied, 0),
      4 * GiB,
    );
    assert.equal(
      changes.reduce((sum, { proven }) => sum + proven, 0),
      4 * GiB,
    );
  }
});

test('a disk whose proof is switched off proves nothing', () => {
  const { root: _root, ...unproven } = complete().disks?.[0] ?? {};
  assert.equal(changesBetween(copying(4 * GiB), disk(unproven)).proven, 0);
});

test('what a worker brings again after a failure counts again', () => {
  assert.equal(changesBetween(copying(2 * GiB), copying(1 * GiB)).copied, 0);
  assert.equal(changesBetween(copying(1 * GiB), copying(3 * GiB)).copied, 2 * GiB);
});

test('a reading is told once, the first as a full one and those after it as deltas', () => {
  const first = changesBetween(copying(4 * GiB), complete());
  assert.deepEqual(first.transfers, [{ pass: 'full', bytes: 4 * GiB, seconds: 60 }]);
  assert.deepEqual(changesBetween(complete(), complete()).transfers, []);
  const next = disk({ stage: 'copy', done: 1000, total: 5000 });
  assert.equal(changesBetween(complete(), next).copied, 1000, 'the next pass begins with nothing');
  const second = changesBetween(complete(), complete({ passes: 2, moved: 5000, seconds: 2 }));
  assert.deepEqual(second.transfers, [{ pass: 'delta', bytes: 5000, seconds: 2 }]);
});

test('an end is told once, and a failure by its code', () => {
  const failure = { phase: 'CopyDisks', code: 'source-read-failed', message: '', hint: '' };
  const failed = { phase: 'Failed', failure };
  assert.deepEqual(changesBetween({ phase: 'CopyDisks' }, failed).ended, 'failed');
  assert.deepEqual(changesBetween({ phase: 'CopyDisks' }, failed).trouble, 'source-read-failed');
  assert.equal(changesBetween(failed, failed).ended, undefined);
  assert.equal(changesBetween({ phase: 'Prove' }, { phase: 'Completed' }).ended, 'completed');
});

test('why a VM does not go on is told once, and a mere wait or an end on request is no trouble', () => {
  const because = (reason: string): VmMigrationStatus => ({
    phase: 'CopyDisks',
    conditions: [condition('Ready', 'False', reason)],
  });
  assert.equal(changesBetween(because('CopyDisks'), because('SourceBusy')).trouble, 'source-busy');
  assert.equal(changesBetween(because('SourceBusy'), because('SourceBusy')).trouble, undefined);
  assert.equal(changesBetween(because('CopyDisks'), because('WaitingForLimits')).trouble, undefined);
  assert.equal(changesBetween(because('CopyDisks'), { ...because('Canceled'), phase: 'Canceled' }).trouble, undefined);
});

test('downtime runs from the shutdown of the source until its VM is made', () => {
  const off = { sourceStopped: true, phase: 'CopyDisks', since: at(3), history: [record('PowerOffSource', 1, 3)] };
  assert.deepEqual(downtimeOf(off), { since: new Date(at(1)) });
  const made = { ...off, phase: 'Prove', history: [...off.history, record('CopyDisks', 3, 10), record('CreateVm', 10, 11)] };
  assert.deepEqual(downtimeOf(made), { since: new Date(at(1)), seconds: 600 });
  const phases = [
    { phase: 'PowerOffSource', seconds: 120 },
    { phase: 'CopyDisks', seconds: 420 },
    { phase: 'CreateVm', seconds: 60 },
  ];
  assert.deepEqual(changesBetween(off, made).downtime, { seconds: 600, phases });
  const predicted = { ...made, downtime: { text: '', predicted: { low: 1, likely: 500, high: 700 } } };
  assert.equal(changesBetween(off, predicted).downtime?.predicted, 500);
  assert.equal(changesBetween(made, { ...made, phase: 'Completed' }).downtime, undefined, 'once');
});

test('copies of a VM that runs are told once, although its history forgets its rounds, and so are those that failed', () => {
  const pass = (number: number) => ({ number, checkpointAt: at(number), bytes: 1, copySeconds: 1, snapshotSeconds: 1 });
  const warm = (...passes: number[]) => ({ id: 'w', checkpoints: {}, passes: passes.map(pass) });
  const round = (from: number) => ({ history: [record('Snapshot', from, from + 1), record('CopyDelta', from + 1, from + 2)] });
  const before = { ...round(10), warm: warm(1, 2, 3) };
  const after = { ...round(20), warm: warm(1, 3, 4) };
  assert.deepEqual(changesBetween(before, after).precopies, { ended: 1, failed: 0 });
  assert.deepEqual(
    changesBetween(before, after).phases.map(({ phase }) => phase),
    ['Snapshot', 'CopyDelta'],
  );
  const setback = { count: 1, code: 'snapshot-failed', message: '', at: at(30) };
  assert.deepEqual(changesBetween(after, { ...after, warm: { ...after.warm, setback } }).precopies, { ended: 0, failed: 1 });
});

test('a source that was off, or runs again, has no downtime', () => {
  const history = [{ ...record('PowerOffSource', 1, 1), skipped: 'it is off' }, record('CreateVm', 10, 11)];
  assert.equal(downtimeOf({ phase: 'Prove', history }), undefined);
  const failure = { phase: 'CopyDisks', code: 'target-full', message: '', hint: '', source: 'started-again' as const };
  assert.equal(downtimeOf({ sourceStopped: true, failure, history: [record('PowerOffSource', 1, 3)] }), undefined);
});

test('a source that a failure left off is still off', () => {
  const failure = { phase: 'CopyDisks', code: 'target-full', message: '', hint: '', source: 'left-off' as const };
  const status = { phase: 'Failed', sourceStopped: true, failure, history: [record('PowerOffSource', 1, 3)] };
  assert.deepEqual(downtimeOf(status), { since: new Date(at(1)) });
});

test('a second shutdown counts from its own beginning', () => {
  const status = { phase: 'PowerOffSource', since: at(60), sourceStopped: true, history: [record('PowerOffSource', 1, 3)] };
  assert.deepEqual(downtimeOf(status), { since: new Date(at(60)) });
});
