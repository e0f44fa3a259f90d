/** What only this room's programs are: src/programs/leashed.ts has the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../../../src/convert/guest/program.ts';

const signal = new AbortController().signal;

test('programs that work on guests see no more of our environment than where programs are and where we are at home', async () => {
  process.env['SECRET_OF_OURS'] = 'x';
  const lines: string[] = [];
  const options = { env: { LIBGUESTFS_BACKEND: 'direct' }, signal, onLine: (line: string) => lines.push(line) };
  const { status } = await runProgram('sh', ['-c', 'env; exit 3'], options);
  assert.equal(status, 3);
  const names = lines.map((line) => line.replace(/=.*/, '')).filter((name) => name !== 'PWD');
  assert.deepEqual(names.toSorted(), ['HOME', 'LC_ALL', 'LIBGUESTFS_BACKEND', 'PATH']);
});

test('what has no use any more is not started', async () => {
  const started = runProgram('sh', ['-c', 'true'], { signal: AbortSignal.abort() });
  await assert.rejects(started, { code: 'canceled', message: 'The conversion was canceled.' });
});
