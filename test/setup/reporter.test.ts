import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';

const TESTS = `
import { it } from 'node:test';
it('passes', () => {});
it('does not', () => { throw new Error('the reason'); });
`;

it('a test run ends with its figures even when a test failed', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-reporter-'));
  try {
    await writeFile(path.join(folder, 'some.test.mjs'), TESTS);
    const reporter = path.join(import.meta.dirname, 'reporter.mjs');
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const args = ['--test', `--test-reporter=${reporter}`, path.join(folder, 'some.test.mjs')];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    assert.equal(status, 1);
    assert.match(stdout, /✔ passes[\s\S]*✖ does not[\s\S]*the reason/);
    assert.match(
      stdout,
      /\nℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms [\d.]+\n$/,
    );
    assert.equal(stdout.split('ℹ tests').length, 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
