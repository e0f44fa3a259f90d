import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue, type WorkResult } from '../../../src/kube/runtime/work-queue.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';

/** A queue whose work waits to be ended by the test. */
class Workshop {
  readonly clock = new VirtualClock();
  readonly queue = new WorkQueue({ clock: this.clock, random: () => 1, backOff: { first: 100, longest: 1000 } });
  readonly begun: string[] = [];
  readonly failures: [key: string, again: number][] = [];
  readonly stop = new AbortController();
  readonly #open = new Map<string, PromiseWithResolvers<WorkResult>>();
  readonly signals = new Map<string, AbortSignal>();
  readonly ended: Promise<void>;

  constructor(workers = 2) {
    this.ended = this.queue.run({
      workers,
      grace: 5000,
      signal: this.stop.signal,
      onFailure: (key, _error, again) => this.failures.push([key, again]),
      work: (key, signal) => {
        this.begun.push(key);
        this.signals.set(key, signal);
        const work = Promise.withResolvers<WorkResult>();
        assert.equal(this.#open.has(key), false, `${key} is worked on twice at once`);
        this.#open.set(key, work);
        return work.promise;
      },
    });
  }

  async end(key: string, result: WorkResult | Error = undefined): Promise<void> {
    const work = this.#open.get(key);
    assert.ok(work, `${key} is not worked on`);
    this.#open.delete(key);
    if (result instanceof Error) work.reject(result);
    else work.resolve(result);
    await settle();
  }
}

test('a key that is added often is worked on once, in turn, by so many workers', async () => {
  const { queue, begun } = new Workshop(2);
  for (const key of ['a', 'b', 'a', 'c', 'a']) queue.add(key);
  await settle();
  assert.deepEqual(begun, ['a', 'b']);
  assert.equal(queue.depth, 1);
});

test('a key that is added while it is worked on is worked on once more, not at the same time', async () => {
  const shop = new Workshop();
  shop.queue.add('a');
  await settle();
  shop.queue.add('a');
  shop.queue.add('a');
  await settle();
  assert.deepEqual(shop.begun, ['a']);
  await shop.end('a');
  assert.deepEqual(shop.begun, ['a', 'a']);
  await shop.end('a');
  await shop.clock.pass(10_000);
  assert.deepEqual(shop.begun, ['a', 'a']);
});

test('work that fails comes back, later each time, and as new after a success', async () => {
  const shop = new Workshop();
  shop.queue.add('a');
  for (const wait of [100, 200, 400, 800, 1000, 1000]) {
    await settle();
    await shop.end('a', new Error('no'));
    const before = shop.begun.length;
    await shop.clock.pass(wait - 1);
    assert.equal(shop.begun.length, before);
    await shop.clock.pass(1);
    assert.equal(shop.begun.length, before + 1);
  }
  await shop.end('a');
  shop.queue.add('a');
  await settle();
  await shop.end('a', new Error('no'));
  assert.deepEqual(shop.failures.at(-1), ['a', 100]);
});

test('what changes while work fails waits like the failure; what changes afterwards does not', async () => {
  const shop = new Workshop();
  shop.queue.add('a');
  await settle();
  shop.queue.add('a');
  await shop.end('a', new Error('no'));
  assert.equal(shop.begun.length, 1);
  shop.queue.add('a');
  await settle();
  assert.equal(shop.begun.length, 2);
  await shop.end('a');
  await shop.clock.pass(10_000);
  assert.equal(shop.begun.length, 2);
});

test('a key is looked at again when its work says so, at the earliest of its times', async () => {
  const shop = new Workshop();
  shop.queue.add('a');
  await settle();
  await shop.end('a', { again: 3000 });
  shop.queue.addAfter('a', 5000);
  shop.queue.addAfter('a', 1000);
  await shop.clock.pass(999);
  assert.equal(shop.begun.length, 1);
  await shop.clock.pass(1);
  assert.equal(shop.begun.length, 2);
  await shop.end('a');
  await shop.clock.pass(10_000);
  assert.equal(shop.begun.length, 2);
});

test('a queue that is stopped begins nothing, lets work end, and stops it after the grace', async () => {
  const shop = new Workshop(1);
  shop.queue.add('a');
  shop.queue.add('b');
  await settle();
  shop.stop.abort();
  let over = false;
  void shop.ended.then(() => {
    over = true;
  });
  await shop.clock.pass(4999);
  assert.equal(shop.signals.get('a')?.aborted, false);
  await shop.clock.pass(1);
  assert.equal(shop.signals.get('a')?.aborted, true);
  assert.equal(over, false);
  await shop.end('a');
  await shop.ended;
  assert.deepEqual(shop.begun, ['a']);
});

test('ten thousand delayed keys cost one timer', async () => {
  const shop = new Workshop(1);
  for (let index = 0; index < 10_000; index += 1) shop.queue.addAfter(`key-${index}`, 1000 + index);
  await settle();
  assert.equal(shop.clock.sleeping, 1);
  await shop.clock.pass(1000);
  assert.deepEqual(shop.begun, ['key-0']);
});
