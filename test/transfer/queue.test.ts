import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createQueue } from '../../src/transfer/queue.ts';

const signal = new AbortController().signal;

/** Work that ends when it is told to. */
function gate<T>(value: T): { readonly work: () => Promise<T>; readonly open: () => void; started: boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const made = {
    started: false,
    open: () => resolve(),
    work: async () => {
      made.started = true;
      await promise;
      return value;
    },
  };
  return made;
}

/** Lets everything that is ready to run have run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('no more jobs run at once than the limit allows, and they start in their order', async () => {
  const queue = createQueue({ perPlan: 2 });
  const gates = ['a', 'b', 'c', 'd'].map((name) => gate(name));
  const results = gates.map((one, index) => queue.submit(`job ${index}`, one.work, signal));
  await settle();
  assert.deepEqual(
    gates.map(({ started }) => started),
    [true, true, false, false],
  );
  gates[1]?.open();
  await settle();
  assert.deepEqual(
    gates.map(({ started }) => started),
    [true, true, true, false],
  );
  for (const one of gates) one.open();
  assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd']);
});

test('a key that is queued or running is not started twice; once it has ended it is', async () => {
  const queue = createQueue({ perPlan: 1 });
  const first = gate('first');
  const running = queue.submit('disk', first.work, signal);
  const same = queue.submit('disk', async () => 'second', signal);
  assert.equal(same, running);
  first.open();
  assert.equal(await running, 'first');
  assert.equal(await queue.submit('disk', async () => 'second', signal), 'second');
});

test('a waiting job whose signal aborts never starts and rejects with the reason', async () => {
  const queue = createQueue({ perPlan: 1 });
  const first = gate('first');
  const running = queue.submit('a', first.work, signal);
  const abort = new AbortController();
  const waiting = gate('never');
  const result = queue.submit('b', waiting.work, abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(result, /enough/);
  first.open();
  await running;
  await settle();
  assert.equal(waiting.started, false);
});

test('a running job keeps its place after its signal aborted, until it has cleared up', async () => {
  const queue = createQueue({ perPlan: 1 });
  const abort = new AbortController();
  const first = gate('cleared up');
  const second = gate('second');
  const running = queue.submit('a', first.work, abort.signal);
  const next = queue.submit('b', second.work, signal);
  await settle();
  abort.abort();
  await settle();
  assert.equal(second.started, false);
  first.open();
  second.open();
  assert.deepEqual(await Promise.all([running, next]), ['cleared up', 'second']);
});

test('a job that fails frees its place and its key', async () => {
  const queue = createQueue({ perPlan: 1 });
  const failing = async (): Promise<string> => {
    throw new Error('broken');
  };
  await assert.rejects(queue.submit('a', failing, signal), /broken/);
  assert.equal(await queue.submit('a', async () => 'mended', signal), 'mended');
});

test('a limit that is no whole number from 1 is a bug', () => {
  for (const limit of [0, -1, 1.5, Number.NaN]) assert.throws(() => createQueue({ perHost: limit }), RangeError);
});

test('jobs of one host wait for each other while another host goes on, and a raised limit starts them at once', async () => {
  const queue = createQueue({ perPlan: 10, perHost: 1 });
  const jobs = ['a', 'a', 'a', 'b'].map((host, index) => ({ uses: { sourceHost: host }, one: gate(host), index }));
  const results = jobs.map(({ uses, one, index }) => queue.submit(`job ${index}`, one.work, signal, { uses }));
  const started = (): boolean[] => jobs.map(({ one }) => one.started);
  await settle();
  assert.deepEqual(started(), [true, false, false, true]);
  queue.limit({ perPlan: 10, perHost: 2 });
  await settle();
  assert.deepEqual(started(), [true, true, false, true]);
  jobs[0]?.one.open();
  await settle();
  assert.deepEqual(started(), [true, true, true, true]);
  for (const { one } of jobs) one.open();
  assert.deepEqual(await Promise.all(results), ['a', 'a', 'a', 'b']);
});

test('a higher priority starts first, and who gives up at a full host does not hold up the next one', async () => {
  const queue = createQueue({ perHost: 1 });
  const uses = { sourceHost: 'a' };
  const [running, low, given, high] = [gate('running'), gate('low'), gate('given up'), gate('high')];
  const order: string[] = [];
  const submit = (one: ReturnType<typeof gate<string>>, key: string, priority: number, stop = signal): Promise<unknown> =>
    queue.submit(
      key,
      () => {
        order.push(key);
        return one.work();
      },
      stop,
      { uses, priority },
    );
  const abort = new AbortController();
  const all = [submit(running, 'running', 0), submit(low, 'low', 0), submit(high, 'high', 5)];
  const left = assert.rejects(submit(given, 'given up', 9, abort.signal), /enough/);
  await settle();
  abort.abort(new Error('enough'));
  for (const one of [running, low, high]) one.open();
  await Promise.all([...all, left]);
  assert.deepEqual(order, ['running', 'high', 'low']);
});
