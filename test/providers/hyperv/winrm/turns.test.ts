import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Shared } from '../../../../providers/hyperv/winrm/shared.ts';
import { Turns } from '../../../../providers/hyperv/winrm/turns.ts';

const never = new AbortController().signal;

test('no more than so many work at once, in the order in which they came', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const all = gates.map(({ promise }, index) =>
    turns.take(async () => {
      begun.push(index);
      await promise;
    }, never),
  );
  const seen: number[][] = [];
  for (const [index, gate] of gates.entries()) {
    seen.push([...begun]);
    gate.resolve();
    await all[index];
  }
  assert.deepEqual(seen[0], [0, 1]);
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
});

test('who gives up while waiting leaves the line, and work that fails frees its place', async () => {
  const turns = new Turns(1);
  const gate = Promise.withResolvers<void>();
  const first = turns.take(() => gate.promise, never);
  const controller = new AbortController();
  const second = turns.take(async () => assert.fail('its turn never comes'), controller.signal);
  const third = turns.take(async () => 'third', never);
  controller.abort(new Error('given up'));
  await assert.rejects(second, /given up/);
  gate.reject(new Error('broken'));
  await assert.rejects(first, /broken/);
  assert.equal(await third, 'third');
});

test('what is shared is made once, and made again by the next when it failed for the first', async () => {
  const shared = new Shared<string>();
  const gate = Promise.withResolvers<string>();
  let made = 0;
  const second = () => {
    made += 1;
    return Promise.resolve(`made ${made}`);
  };
  const [a, b, c] = [shared.get(() => gate.promise), shared.get(second), shared.get(second)];
  gate.reject(new Error('given up'));
  await assert.rejects(a, /given up/);
  assert.deepEqual(await Promise.all([b, c]), ['made 1', 'made 1']);
  await shared.forget('something else');
  assert.equal(await shared.get(second), 'made 1');
  await shared.forget('made 1');
  assert.equal(await shared.get(second), 'made 2');
  assert.equal(await shared.release(), 'made 2');
});
