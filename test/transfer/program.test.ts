/** What only this room's programs are: src/programs/leashed.ts has the rest. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startProgram, startWithSecret } from '../../src/transfer/program.ts';

/** Plays nbdkit: says what it was given. */
const NBDKIT = '#!/bin/sh\necho "$1 $OF_THE_USER $LC_ALL"\ncat\ncat <&3\n';
const signal = new AbortController().signal;
const { PATH } = process.env;
let folder = '';

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'program-'));
  await writeFile(path.join(folder, 'nbdkit'), NBDKIT, { mode: 0o755 });
  process.env['PATH'] = `${folder}:${PATH}`;
  process.env['OF_THE_USER'] = 'proxy';
});
after(async () => {
  process.env['PATH'] = PATH;
  await rm(folder, { recursive: true });
});

test('programs that move bytes see the environment of the user, and a secret only on descriptor 3', async () => {
  const { stdout, ended } = await startWithSecret('nbdkit', ['word'], { secret: 'open sesame', signal });
  assert.equal((await stdout.setEncoding('utf8').toArray()).join(''), 'word proxy C\nopen sesame');
  assert.equal((await ended).status, 0);
});

test('a program without a secret finds nothing to read anywhere', async () => {
  const { stdout, ended } = await startProgram('nbdkit', ['word'], signal);
  assert.equal((await stdout.setEncoding('utf8').toArray()).join(''), 'word proxy C\n');
  assert.equal((await ended).status, 0);
});

test('what has no use any more is not started', async () => {
  await assert.rejects(startProgram('nbdkit', [], AbortSignal.abort()), {
    code: 'canceled',
    message: 'The transfer was canceled.',
  });
});
