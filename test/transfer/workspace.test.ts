import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openWorkspace } from '../../src/transfer/workspace.ts';
import { leftovers } from './fixture.ts';

const MODULE = fileURLToPath(new URL('../../src/transfer/workspace.ts', import.meta.url));

test('a workspace is for its owner only and is removed with all that is in it', async () => {
  {
    await using workspace = await openWorkspace();
    assert.equal((await stat(workspace.folder)).mode & 0o777, 0o700);
    await writeFile(path.join(workspace.folder, 'descriptor'), 'x');
  }
  assert.deepEqual(await leftovers(), []);
});

test('the workspace of a process that was killed is removed by the next one, that of a living one stays', async () => {
  const script = `const { openWorkspace } = await import(${JSON.stringify(MODULE)});
    process.stdout.write((await openWorkspace()).folder);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const folder = String((await once(child.stdout, 'data'))[0]);
  {
    await using _ = await openWorkspace();
    await access(folder);
  }
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  await using _ = await openWorkspace();
  assert.ok(!(await readdir(path.dirname(folder))).includes(path.basename(folder)));
});
