import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type LeashedProgram, startLeashed } from '../../src/programs/leashed.ts';

/** Says the number of a process that it leaves behind, then waits or ends. */
const SPAWNER = '#!/bin/sh\nsleep 1000 &\necho $!\n[ "$1" = wait ] && wait\nexit 7\n';

describe('programs that start others', () => {
  let folder: string;
  let spawner: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'leashed-'));
    spawner = path.join(folder, 'spawner');
    await writeFile(spawner, SPAWNER, { mode: 0o755 });
  });
  after(() => rm(folder, { recursive: true }));

  function start(word: 'wait' | 'end', signal = new AbortController().signal): LeashedProgram {
    const program = startLeashed(spawner, [word], { env: process.env, signal });
    program.third.resume();
    return program;
  }

  it('leave none behind when they end', async () => {
    const { stdout, ended } = start('end');
    const left = await firstLine(stdout);
    assert.deepEqual(await ended, { status: 7, killedBy: undefined, stderr: '' });
    await gone(left);
  });

  it('leave none behind when they are canceled or told to end', async () => {
    const stop = new AbortController();
    const programs = [start('wait', stop.signal), start('wait')] as const;
    const left = await Promise.all(programs.map(({ stdout }) => firstLine(stdout)));
    stop.abort();
    programs[1].kill();
    for (const { ended } of programs) assert.deepEqual(await ended, { status: undefined, killedBy: 'SIGKILL', stderr: '' });
    for (const pid of left) await gone(pid);
  });

  it('do not begin for one who has given up already', async () => {
    const { stdout, ended } = start('wait', AbortSignal.abort());
    stdout.resume();
    assert.equal((await ended).killedBy, 'SIGKILL');
  });

  it('leave none behind when this process is killed', async () => {
    const module = path.resolve(import.meta.dirname, '../../src/programs/leashed.ts');
    const script = [
      `import { startLeashed } from ${JSON.stringify(module)};`,
      'const options = { env: process.env, signal: new AbortController().signal };',
      `startLeashed(${JSON.stringify(spawner)}, ['wait'], options).stdout.pipe(process.stdout);`,
    ].join('\n');
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const left = await firstLine(child.stdout);
    child.kill('SIGKILL');
    await gone(left);
  });
});

async function firstLine(stdout: Readable): Promise<number> {
  const [text] = (await once(stdout.setEncoding('utf8'), 'data')) as [string];
  return Number(text);
}

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
