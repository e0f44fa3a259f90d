import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MigrationError } from '../../../src/model/errors.ts';
import { MiB } from '../../../src/model/units.ts';
import { TokenBucket } from '../../../src/transfer/limits/token-bucket.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';

const never = new AbortController().signal;
const BURST = 4 * MiB;

interface Grant {
  readonly at: number;
  readonly bytes: number;
}

/** Asks, and notes when it was granted. */
function ask(bucket: TokenBucket, clock: VirtualClock, bytes: number, grants: Grant[], signal = never): Promise<void> {
  return bucket.take(bytes, signal).then(() => void grants.push({ at: clock.now(), bytes }));
}

type Happening =
  | { readonly kind: 'take'; readonly bytes: number }
  | { readonly kind: 'pass'; readonly milliseconds: number }
  | { readonly kind: 'abort' }
  | { readonly kind: 'rate'; readonly rate: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('take' as const), bytes: fc.integer({ min: 0, max: 10 * MiB }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.integer({ min: 1, max: 5000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rate' as const), rate: fc.integer({ min: 1, max: 50 * MiB }) }) },
);

test('in no stretch of time is more granted than the rates over it and one burst or one larger read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 40 }), fc.integer({ min: 1, max: 50 * MiB }), async (happenings, first) => {
      const clock = new VirtualClock(1_700_000_000_000);
      const bucket = new TokenBucket(clock, first);
      const grants: Grant[] = [];
      const rates = [{ from: clock.now(), rate: first }];
      const asked: Promise<unknown>[] = [];
      let abort = new AbortController();
      for (const one of happenings) {
        if (one.kind === 'take') asked.push(ask(bucket, clock, one.bytes, grants, abort.signal).catch(() => undefined));
        if (one.kind === 'pass') await clock.pass(one.milliseconds);
        if (one.kind === 'rate') {
          bucket.setRate(one.rate);
          rates.push({ from: clock.now(), rate: one.rate });
        }
        if (one.kind === 'abort') {
          abort.abort();
          abort = new AbortController();
        }
      }
      await clock.pass(1000);
      abort.abort();
      await Promise.all(asked);
      const allowance = Math.max(BURST, ...grants.map(({ bytes }) => bytes));
      for (const [index, { at }] of grants.entries()) {
        let sum = 0;
        for (const grant of grants.slice(index)) {
          sum += grant.bytes;
          assert.ok(sum <= carried(rates, at, grant.at) + allowance, `${sum} bytes from ${at} to ${grant.at}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

/** Bytes that the rates carry between two instants. */
function carried(rates: readonly { readonly from: number; readonly rate: number }[], from: number, to: number): number {
  return rates.reduce((sum, { from: since, rate }, index) => {
    const until = rates[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    return sum + (rate * Math.max(0, Math.min(to, until) - Math.max(from, since))) / 1000;
  }, 0);
}

test('a reader that always wants more gets exactly the rate, over hours', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, 3_333_333);
  let granted = 0;
  const stop = new AbortController();
  const reading = (async () => {
    for (;;) {
      await bucket.take(MiB, stop.signal);
      granted += MiB;
    }
  })().catch(() => undefined);
  await clock.pass(2000 * 1000);
  stop.abort();
  await reading;
  assert.equal(granted, Math.floor((2000 * 3_333_333) / MiB) * MiB);
});

test('whoever came first is served first, however small the next one is', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, MiB);
  const grants: Grant[] = [];
  const asked = [ask(bucket, clock, 8 * MiB, grants), ask(bucket, clock, 1, grants), ask(bucket, clock, MiB, grants)];
  await clock.pass(9001);
  await Promise.all(asked);
  assert.deepEqual(grants, [
    { at: 8000, bytes: 8 * MiB },
    { at: 8001, bytes: 1 },
    { at: 9001, bytes: MiB },
  ]);
});

test('who gives up spends nothing, and those behind move up at once', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, MiB);
  const grants: Grant[] = [];
  const abort = new AbortController();
  const first = ask(bucket, clock, 100 * MiB, grants, abort.signal);
  const second = ask(bucket, clock, MiB, grants);
  await clock.pass(2000);
  abort.abort();
  await assert.rejects(first, (error) => error instanceof MigrationError && error.code === 'canceled');
  await second;
  assert.deepEqual(grants, [{ at: 2000, bytes: MiB }]);
});

test('a rate that is changed holds for those who already wait; 0 stops all, and none lets all go', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, 1);
  const grants: Grant[] = [];
  const asked = [ask(bucket, clock, MiB, grants), ask(bucket, clock, MiB, grants), ask(bucket, clock, 9 * MiB, grants)];
  await clock.pass(1000);
  bucket.setRate(MiB);
  await clock.pass(1000);
  assert.deepEqual(grants, [{ at: 2000, bytes: MiB }]);
  bucket.setRate(0);
  await clock.pass(86_400_000);
  assert.equal(grants.length, 1);
  bucket.setRate(undefined);
  await Promise.all(asked);
  assert.equal(grants.length, 3);
  assert.equal(clock.sleeping, 0);
});

test('a rest is worth one burst', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, 100 * MiB);
  await clock.pass(3_600_000);
  const grants: Grant[] = [];
  for (let index = 0; index < 10; index += 1) void ask(bucket, clock, MiB, grants);
  await settle();
  assert.equal(grants.length, 4);
  await clock.pass(60);
  assert.equal(grants.length, 10);
});

test('without a rate nothing waits, and an aborted signal is refused all the same', async () => {
  const bucket = new TokenBucket(new VirtualClock());
  await bucket.take(1e12, never);
  await assert.rejects(bucket.take(1, AbortSignal.abort()), { code: 'canceled' });
});
