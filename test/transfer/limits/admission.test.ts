import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { QueueLimits, Uses } from '../../../src/contracts/job-queue.ts';
import { AdmissionLines } from '../../../src/transfer/limits/admission.ts';

interface Job {
  readonly id: string;
  readonly uses: Uses;
}

/** Lets in what may be let in. */
function letIn(lines: AdmissionLines<Job>, most = Number.POSITIVE_INFINITY): Job[] {
  const started: Job[] = [];
  while (started.length < most && lines.ready) {
    const job = lines.take();
    assert.ok(job !== undefined);
    lines.enter(job.uses);
    started.push(job);
  }
  return started;
}

function add(lines: AdmissionLines<Job>, id: string, uses: Uses, priority = 0): void {
  lines.add(id, { id, uses }, { uses, priority });
}

const ids = (jobs: readonly Job[]): string[] => jobs.map(({ id }) => id);

test('a full host holds back its own disks only', () => {
  const lines = new AdmissionLines<Job>({ perHost: 1 });
  add(lines, 'a1', { sourceHost: 'a' });
  add(lines, 'a2', { sourceHost: 'a' });
  add(lines, 'b1', { sourceHost: 'b' });
  add(lines, 'nowhere', {});
  assert.deepEqual(ids(letIn(lines)), ['a1', 'b1', 'nowhere']);
  lines.leave({ sourceHost: 'a' });
  assert.deepEqual(ids(letIn(lines)), ['a2']);
});

test('host, datastore and target must all have room, and a place is counted in each', () => {
  const lines = new AdmissionLines<Job>({ perHost: 2, perDatastore: 2, perTarget: 3 });
  for (const [id, host, store] of ['1 a x', '2 b x', '3 c x', '4 a y', '5 a z', '6 c z'].map((text) => text.split(' '))) {
    add(lines, id ?? '', { sourceHost: host ?? '', datastore: store ?? '', target: 't' });
  }
  assert.deepEqual(ids(letIn(lines)), ['1', '2', '4']);
  lines.leave({ sourceHost: 'b', datastore: 'x', target: 't' });
  assert.deepEqual(ids(letIn(lines)), ['3']);
});

test('a higher priority goes first, and overtakes a thousand a point, not all', () => {
  const lines = new AdmissionLines<Job>({});
  for (let number = 0; number < 2000; number += 1) add(lines, `early ${number}`, {});
  add(lines, 'urgent', {}, 1);
  const order = ids(letIn(lines));
  assert.equal(order.indexOf('urgent'), 1000);
});

test('a job that was removed is not started, and does not hold up the next one', () => {
  const lines = new AdmissionLines<Job>({ perHost: 1 });
  for (const id of ['1', '2', '3']) add(lines, id, { sourceHost: 'a' });
  assert.deepEqual(ids(letIn(lines)), ['1']);
  lines.remove('2');
  lines.leave({ sourceHost: 'a' });
  assert.deepEqual(ids(letIn(lines)), ['3']);
});

test('limits that are raised let in at once, and lowered ones wait until they are met', () => {
  const lines = new AdmissionLines<Job>({ perHost: 1 });
  for (const id of ['1', '2', '3', '4', '5']) add(lines, id, { sourceHost: 'a' });
  assert.equal(letIn(lines).length, 1);
  lines.limit({ perHost: 3 });
  assert.equal(letIn(lines).length, 2);
  lines.limit({ perHost: 1 });
  lines.leave({ sourceHost: 'a' });
  lines.leave({ sourceHost: 'a' });
  assert.equal(letIn(lines).length, 0);
  lines.leave({ sourceHost: 'a' });
  assert.equal(letIn(lines).length, 1);
});

test('a disk that needs a host and a datastore gets both, though others are there whenever one of them is free', () => {
  const lines = new AdmissionLines<Job>({ perHost: 1, perDatastore: 1 });
  const host = { sourceHost: 'a' };
  const store = { datastore: 'x' };
  add(lines, 'host', host);
  add(lines, 'store', store);
  letIn(lines);
  add(lines, 'both', { ...host, ...store });
  for (let round = 0, started: string[] = []; !started.includes('both'); round += 1) {
    assert.ok(round < 20, 'it starves');
    const uses = round % 2 === 0 ? host : store;
    add(lines, `follower ${round}`, uses);
    lines.leave(uses);
    started = ids(letIn(lines));
  }
});

const name = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined });
const uses = fc
  .record({ sourceHost: name, datastore: name, target: name })
  .map((record): Uses => JSON.parse(JSON.stringify(record)));
const limits = fc
  .record({ perHost: fc.integer({ min: 1, max: 3 }), perDatastore: fc.integer({ min: 1, max: 3 }) })
  .map((record): QueueLimits => ({ ...record, perTarget: 2 }));
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), uses, priority: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), limits }) },
);

test('no limit is ever passed, and all are served in the end', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), limits, (happenings, first) => {
      const lines = new AdmissionLines<Job>(first);
      let now = first;
      const waiting = new Map<string, Job>();
      const running: Job[] = [];
      const count = (kind: keyof Uses, wanted: string): number => running.filter((job) => job.uses[kind] === wanted).length;
      const room = (job: Job): boolean =>
        (['sourceHost', 'datastore', 'target'] as const).every((kind) => {
          const used = job.uses[kind];
          const limit = { sourceHost: now.perHost, datastore: now.perDatastore, target: now.perTarget }[kind];
          return used === undefined || limit === undefined || count(kind, used) < limit;
        });
      const start = (): void => {
        while (lines.ready) {
          const job = lines.take();
          assert.ok(job !== undefined && waiting.delete(job.id));
          assert.ok(room(job), `${job.id} passes a limit`);
          lines.enter(job.uses);
          running.push(job);
        }
      };
      const leave = (pick: number): void => {
        const [job] = running.splice(pick % Math.max(running.length, 1), 1);
        if (job !== undefined) lines.leave(job.uses);
      };
      for (const [index, one] of happenings.entries()) {
        if (one.kind === 'add') {
          const job = { id: String(index), uses: one.uses };
          waiting.set(job.id, job);
          lines.add(job.id, job, one);
        }
        if (one.kind === 'leave') leave(one.pick);
        if (one.kind === 'remove') {
          const id = [...waiting.keys()][one.pick % Math.max(waiting.size, 1)];
          if (id !== undefined && waiting.delete(id)) lines.remove(id);
        }
        if (one.kind === 'limit') {
          now = one.limits;
          lines.limit(now);
        }
        start();
      }
      for (let turn = 0; running.length > 0; turn += 1) {
        assert.ok(turn < 1000);
        leave(0);
        start();
      }
      assert.deepEqual([...waiting.keys()], [], 'somebody was forgotten');
    }),
    { numRuns: 400 },
  );
});

test('a fleet of 50,000 disks on 300 hosts and 200 datastores is let in within seconds', () => {
  const lines = new AdmissionLines<Job>({ perHost: 4, perDatastore: 8, perTarget: 100 });
  for (let number = 0; number < 50_000; number += 1) {
    const spot = (number * 2_654_435_761) % 60_000;
    add(lines, String(number), {
      sourceHost: `h${spot % 300}`,
      datastore: `d${Math.floor(spot / 300)}`,
      target: `t${number % 3}`,
    });
  }
  const before = performance.now();
  const running = letIn(lines);
  let started = running.length;
  for (let job = running.shift(); job !== undefined; job = running.shift()) {
    lines.leave(job.uses);
    const more = letIn(lines);
    started += more.length;
    running.push(...more);
  }
  assert.equal(started, 50_000);
  const each = (performance.now() - before) / 50_000;
  assert.ok(each < 0.2, `${each.toFixed(3)} ms for each`);
});
