import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonLines, type ProgressEvent } from '../../../src/cli/progress/json-lines.ts';
import { Lines } from '../../../src/cli/progress/lines.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const GIGA = 1e9;
const DISK = { id: 'web/scsi0:0', vm: 'web', disk: 'scsi0:0', capacity: 40 * GIGA, pass: 'full' } as const;

function watched() {
  const clock = new VirtualClock(Date.parse('2026-06-01T12:00:00Z'));
  const events: ProgressEvent[] = [];
  const display = new JsonLines((line) => {
    assert.ok(line.endsWith('\n') && !line.slice(0, -1).includes('\n'));
    events.push(JSON.parse(line));
  }, clock);
  return { clock, events, display };
}

test('rate and time left are unknown until they are known, and never promised while nothing moves', async () => {
  const { clock, events, display } = watched();
  const moves = (done: number): void => display.moves({ job: DISK.id, stage: 'copy', done, total: 10 * GIGA });
  display.starts(DISK);
  moves(0);
  await clock.pass(1000);
  moves(0);
  for (let second = 1; second <= 5; second += 1) {
    await clock.pass(1000);
    moves(second * GIGA);
  }
  const [first, still, ...moving] = events.filter((event) => event.event === 'transfer-moves');
  assert.deepEqual([first?.bytesPerSecond, first?.secondsLeft], [null, null]);
  assert.deepEqual([still?.bytesPerSecond, still?.secondsLeft], [0, null]);
  assert.ok((moving.at(-1)?.bytesPerSecond ?? 0) > 0.5 * GIGA);
  assert.ok((moving.at(-1)?.secondsLeft ?? 0) > 0);
});

test('a resumed disk begins where it was, and what was kept does not count as speed', async () => {
  const { clock, events, display } = watched();
  display.starts(DISK);
  const moves = (done: number): void => display.moves({ job: DISK.id, stage: 'copy', done, total: 10 * GIGA, kept: 8 * GIGA });
  moves(8 * GIGA);
  for (let second = 1; second <= 10; second += 1) {
    await clock.pass(1000);
    moves(8 * GIGA + second * 0.1 * GIGA);
  }
  const last = events.filter((event) => event.event === 'transfer-moves').at(-1);
  assert.deepEqual(
    { done: last?.done, kept: last?.kept, bytesPerSecond: last?.bytesPerSecond, secondsLeft: last?.secondsLeft },
    { done: 9 * GIGA, kept: 8 * GIGA, bytesPerSecond: 0.1 * GIGA, secondsLeft: 10 },
  );
});

test('the proof has a pace of its own, and the end says how long the disk took', async () => {
  const { clock, events, display } = watched();
  display.starts(DISK);
  for (const stage of ['copy', 'prove'] as const) {
    for (const part of [0, 1]) {
      display.moves({ job: DISK.id, stage, done: part * GIGA, total: GIGA });
      await clock.pass(500);
    }
  }
  display.ends(DISK, 'the target is full');
  assert.deepEqual(
    events.flatMap((event) => (event.event === 'transfer-moves' ? [[event.stage, event.bytesPerSecond, event.secondsLeft]] : [])),
    [
      ['copy', null, null],
      ['copy', 2 * GIGA, 0],
      ['prove', null, null],
      ['prove', 2 * GIGA, 0],
    ],
  );
  assert.deepEqual(events.at(-1), {
    at: '2026-06-01T12:00:02.000Z',
    event: 'transfer-ends',
    job: DISK.id,
    seconds: 2,
    failed: 'the target is full',
  });
});

test('lines for people say how much is there from before', () => {
  const written: string[] = [];
  const terminal = { out: () => undefined, err: (text: string) => void written.push(text), live: false };
  const display = new Lines(terminal, new VirtualClock());
  display.starts(DISK);
  display.moves({ job: DISK.id, stage: 'copy', done: 2 ** 30, total: 2 ** 32, kept: 2 ** 30 });
  assert.deepEqual(written, ['web/scsi0:0: copying 4.00 GiB, 1.00 GiB of it from before\n']);
});
