import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/wire.ts';

test('a sleep of months does not end at once', async () => {
  const waking = new AbortController();
  const sleeping = systemClock.sleep(90 * 24 * 3_600_000, waking.signal);
  const first = await Promise.race([sleeping.then(() => 'awake'), systemClock.sleep(20, new AbortController().signal)]);
  assert.equal(first, undefined);
  waking.abort(new Error('enough'));
  await assert.rejects(sleeping, { name: 'AbortError' });
});
