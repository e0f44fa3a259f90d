import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram, startProgram } from '../../../src/convert/guest/program.ts';

/** Plays qemu-img: says the number of a process that it leaves behind, then waits or ends. */
const SPAWNER = '#!/bin/sh\nsleep 1000 &\necho $!\n[ "$1" = wait ] && wait\nexit 7\n';

describe('programs that start others', () => {
  let folder: string;
  let oldPath: string | undefined;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'program-'));
    await writeFile(path.join(folder, 'qemu-img'), SPAWNER);
    await chmod(path.join(folder, 'qemu-img'), 0o755);
    oldPath = process.env['PATH'];
    process.env['PATH'] = `${folder}:${oldPath}`;
  });
  after(async () => {
    process.env['PATH'] = oldPath;
    await rm(folder, { recursive: true });
  });

  it('leave none behind when they end', async () => {
    let left = 0;
    const { status } = await runProgram('qemu-img', ['end'], {
      signal: new AbortController().signal,
      onLine: (line) => {
        left = Number(line);
      },
    });
    assert.equal(status, 7);
    await gone(left);
  });

  it('leave none behind when they are canceled', async () => {
    const stop = new AbortController();
    const program = await startProgram('qemu-img', ['wait'], { signal: stop.signal });
    const [text] = (await once(program.stdout.setEncoding('utf8'), 'data')) as [string];
    stop.abort();
    assert.equal((await program.ended).status, undefined);
    await gone(Number(text));
  });

  it('leave none behind when this process is killed', async () => {
    const module = path.resolve(import.meta.dirname, '../../../src/convert/guest/program.ts');
    const script = [
      `import { startProgram } from ${JSON.stringify(module)};`,
      "const program = await startProgram('qemu-img', ['wait'], { signal: new AbortController().signal });",
      'program.stdout.pipe(process.stdout);',
    ].join('\n');
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    child.kill('SIGKILL');
    await gone(Number(text));
  });
});

/** Settles when there is no such process, or only its remains that nobody has buried yet. */
async function gone(pid: number): Promise<void> {
  assert.ok(pid > 1);
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) [ZX]/.test(state)) return;
    await new Promise(setImmediate);
  }
  assert.fail(`process ${pid} is still there`);
}
