/** The status of a VmMigration holds all of a progress: what is stored and loaded again is the same, and what the definition takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PROCESSORS } from '../../../src/kube/resources/proof-status.ts';
import { StatusStore } from '../../../src/kube/resources/status-store.ts';
import { ERROR_CODES, type ErrorCode } from '../../../src/model/error-codes.ts';
import { TERMINAL_PHASES, WORK_PHASES } from '../../../src/model/phase.ts';
import type { VmPlan, VmProgress } from '../../../src/model/plan.ts';
import type { TransferResult } from '../../../src/model/transfer.ts';
import { VM_MIGRATION, type VmMigrationStatus } from '../../../src/resources/vm-migration.ts';

const KEYS = ['scsi0:0', 'scsi0:1', '2000'];
const CAPACITY = 1 << 30;

const PLAN = {
  vm: { ref: { id: 'vm-1', name: 'web' }, disks: KEYS.map((key) => ({ key, capacity: CAPACITY })) },
  type: 'warm',
  mapping: { targetName: 'web', placements: KEYS.map((disk) => ({ disk, claim: `web-${disk}` })), manifests: [] },
} as unknown as VmPlan;

const count = fc.integer({ min: 0, max: 2 ** 40 });
const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });
const text = fc.string({ maxLength: 40 });
const time = fc.integer({ min: 0, max: 4e12 }).map((at) => new Date(at).toISOString());
const spread = fc.record({ low: seconds, likely: seconds, high: seconds });
const code = fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[]));
const work = fc.constantFrom(...WORK_PHASES);
const checkpoints = fc
  .subarray(KEYS)
  .chain((keys) => fc.tuple(...keys.map((key) => text.map((said) => [key, said] as const))))
  .map((entries) => Object.fromEntries(entries));

function some<T>(fields: { [Field in keyof T]: fc.Arbitrary<T[Field]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

const pass = fc
  .tuple(
    fc.record({ number: count, checkpointAt: time, bytes: count, copySeconds: seconds, snapshotSeconds: seconds }),
    some({ compared: fc.record({ bytes: count, because: text }) }),
  )
  .map(([all, more]) => ({ ...all, ...more }));

const warm = fc
  .tuple(
    fc.record({ id: text, checkpoints, passes: fc.array(pass, { maxLength: 13 }) }),
    some({
      held: fc.record({ id: text, name: text, pass: count, at: time, seconds, checkpoints }),
      setback: fc.record({ count, code, message: text, at: time }),
    }),
  )
  .map(([all, more]) => ({ ...all, ...more }));

const forecast = fc.record({
  ...{ finalDelta: spread, seconds: spread, changeRate: count, copyRate: count },
  ...{ converges: fc.boolean(), advice: fc.array(text, { maxLength: 3 }) },
});

const outlook = fc
  .tuple(
    fc.record({ next: fc.constantFrom('start', 'precopy', 'cutover', 'group', 'commit'), because: text }),
    some({ at: time, cutoverAt: time, cutoverBecause: text, downtime: forecast }),
  )
  .map(([all, more]) => ({ ...all, ...more }));

function resultOf(disk: string): fc.Arbitrary<TransferResult> {
  const figures = fc.record({ moved: count, allocated: count, seconds, transport: text });
  const more = some({ compared: text, passes: count, repaired: fc.record({ target: count, source: count }) });
  const proof = fc.option(fc.record({ root: text, blockSize: count }), { nil: undefined });
  return fc.tuple(figures, more, proof).map(([all, extra, proven]) => ({
    ...{ job: `web/${disk}`, size: CAPACITY, ...all, ...extra },
    ...(proven && { proof: { algorithm: 'sha256', ...proven, size: CAPACITY, allocated: all.allocated } }),
  }));
}

const failure = fc
  .tuple(
    fc.record({ phase: work, code, message: text, hint: text }),
    some({
      source: fc.constantFrom('started-again', 'left-off'),
      target: fc.constantFrom('stopped', 'never-there', 'unknown'),
    }),
  )
  .map(([all, more]) => ({ ...all, ...more }));

const record = fc
  .tuple(fc.record({ phase: work, startedAt: time, endedAt: time }), some({ skipped: text }))
  .map(([all, more]) => ({ ...all, ...more }));

const hook = fc.record({
  ...{ hook: text, by: text, message: text, startedAt: time, endedAt: time },
  at: fc.constantFrom('BeforeCopy', 'AfterCopy', 'BeforeCutover', 'AfterCutover', 'OnFailure'),
  outcome: fc.constantFrom('succeeded', 'failed', 'timed-out'),
});

const proof = fc
  .tuple(
    fc.record({
      ...{ booted: fc.boolean(), seconds, accelerator: fc.constantFrom(...Object.values(PROCESSORS)), console: fc.constant('') },
      evidence: fc.array(fc.record({ kind: fc.constantFrom('guest-agent', 'probe', 'running'), text, seconds }), {
        maxLength: 3,
      }),
      addresses: fc.dictionary(fc.constantFrom('52:54:00:00:00:01', '52:54:00:00:00:02'), fc.array(fc.ipV4(), { maxLength: 2 })),
      differences: fc.array(text, { maxLength: 2 }),
    }),
    some({
      trouble: fc.record({ code: fc.constantFrom('not-scheduled', 'reset-loop'), text }),
      screenshot: fc.constant('web-boot-proof'),
    }),
  )
  .map(([all, more]) => ({ ...all, ...more }));

const progress = fc
  .tuple(
    fc.record({
      phase: fc.constantFrom(...WORK_PHASES, ...TERMINAL_PHASES),
      since: time,
      history: fc.array(record, { maxLength: 20 }),
      transfers: fc.subarray(KEYS).chain((keys) => fc.tuple(...keys.map(resultOf))),
    }),
    some({ hooks: fc.array(hook, { maxLength: 4 }), failure, sourceStopped: fc.boolean(), warm, outlook, proof }),
  )
  .map(([all, more]) => ({ vm: 'vm-1', targetName: 'web', type: 'warm', ...all, ...more }) as VmProgress);

function open(status: VmMigrationStatus) {
  let written = status;
  const store = new StatusStore({
    ...{ plan: PLAN, status, generation: 1 },
    write: (now) => {
      written = now;
      return Promise.resolve();
    },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    onPhase: () => undefined,
    onTrouble: (error) => assert.fail(String(error)),
  });
  return { store, written: () => written };
}

/** As the API server keeps it. */
function stored(status: VmMigrationStatus): VmMigrationStatus {
  return VM_MIGRATION.status.parse(JSON.parse(JSON.stringify(status)));
}

/** Disks finish in any order, and a status shows them in that of the plan. */
function ordered({ transfers, ...rest }: VmProgress): VmProgress {
  return { ...rest, transfers: KEYS.flatMap((key) => transfers.find(({ job }) => job === `web/${key}`) ?? []) };
}

test('a progress that is stored and loaded by the next process is the same in every field, whatever was stored before it', async () => {
  await fc.assert(
    fc.asyncProperty(progress, progress, async (before, now) => {
      const { store, written } = open({});
      await store.save(before);
      await store.save(now);
      const loaded = await open(stored(written())).store.load();
      assert.deepEqual(loaded, JSON.parse(JSON.stringify(ordered(now))));
    }),
    { numRuns: 300 },
  );
});

test('what the results of a copy were is still known while the next copy of the disk is under way', async () => {
  const { store, written } = open({});
  const result: TransferResult = {
    job: 'web/2000',
    size: CAPACITY,
    moved: 7,
    allocated: 9,
    seconds: 1,
    transport: 'range',
    passes: 1,
  };
  const first: VmProgress = {
    ...{ vm: 'vm-1', targetName: 'web', type: 'warm', phase: 'CopyDelta', since: '2030-01-01T00:00:00.000Z' },
    ...{ history: [], transfers: [result] },
  };
  await store.save(first);
  store.transferStarts({ disk: '2000', staysOpen: true } as Parameters<typeof store.transferStarts>[0]);
  store.transferMoves({ job: 'web/2000', stage: 'copy', done: 1, total: 4 });
  await store.save({ ...first, outlook: { next: 'precopy', because: 'of a test' } });
  const disk = written().disks?.find((each) => each.disk === '2000');
  assert.deepEqual([disk?.stage, disk?.done, disk?.total], ['copy', 1, 4]);
  assert.deepEqual((await open(stored(written())).store.load())?.transfers, [result]);
});

test('disks that are to be copied from the beginning are not shown as complete, nor are their results known any more', async () => {
  const { store, written } = open({});
  const result: TransferResult = { job: 'web/2000', size: CAPACITY, moved: 7, allocated: 9, seconds: 1, transport: 'range' };
  const base = { vm: 'vm-1', targetName: 'web', type: 'cold', since: '2030-01-01T00:00:00.000Z', history: [] } as const;
  await store.save({ ...base, phase: 'CopyDisks', transfers: [result] });
  await store.save({ ...base, phase: 'PowerOffSource', transfers: [] });
  assert.deepEqual(
    written().disks?.map(({ stage }) => stage),
    ['waiting', 'waiting', 'waiting'],
  );
  assert.deepEqual((await open(stored(written())).store.load())?.transfers, []);
});
