import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { watchForStall } from '../../../src/convert/guest/stall.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'stall-'));
after(() => rm(folder, { recursive: true }));

/** Milliseconds; the signs of life below come much more often. */
const QUIET = 800;

async function lives(sign: (watch: { heard(): void }, file: string) => Promise<void> | void): Promise<boolean> {
  const file = path.join(folder, 'overlay');
  using watch = watchForStall([file], QUIET);
  for (const began = performance.now(); performance.now() - began < 2.5 * QUIET; await pause(40)) await sign(watch, file);
  return !watch.signal.aborted;
}

test('who neither speaks nor writes is taken for hung; who does either is not', async () => {
  assert.equal(await lives(() => undefined), false);
  assert.equal(await lives((watch) => watch.heard()), true);
  assert.equal(await lives((_watch, file) => appendFile(file, 'x')), true);
});
