/** Building test peers: once, under a lock, and loud when it cannot be done. The module built here is tiny and needs no network. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { buildPeer } from './build.ts';

const HELLO = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello\\n") }\n';

describe('building a test peer', () => {
  let folder: string;
  const environment = { cache: process.env['XDG_CACHE_HOME'], path: process.env['PATH'] };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeferry-peer-'));
    // Go's own cache stays where it is, or every run of this test would compile the runtime anew.
    const { stdout } = await promisify(execFile)('go', ['env', 'GOCACHE']);
    process.env['GOCACHE'] = stdout.trim();
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    await mkdir(join(folder, 'hello'));
    await writeFile(join(folder, 'hello', 'go.mod'), 'module hello.example\n\ngo 1.21\n');
    await writeFile(join(folder, 'hello', 'main.go'), HELLO);
  });

  after(async () => {
    for (const [name, value] of [
      ['XDG_CACHE_HOME', environment.cache],
      ['PATH', environment.path],
    ] as const) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(folder, { recursive: true });
  });

  async function build(lines: string[]): Promise<string> {
    return await buildPeer('hello', { folder: join(folder, 'hello'), onProgress: (line) => lines.push(line) });
  }

  it('lets everybody who asks at the same time have the one program, and says what it does', async () => {
    const lines: string[] = [];
    const programs = await Promise.all([build(lines), build(lines), build(lines)]);
    assert.equal(new Set(programs).size, 1);
    const { stdout } = await promisify(execFile)(programs[0] ?? '');
    assert.equal(stdout, 'hello\n');
    const built = (await readdir(join(folder, 'cache', 'kubeferry', 'peers'))).filter((file) => !file.endsWith('.lock'));
    assert.equal(built.length, 1);
    assert.match(lines.join('\n'), /test peer hello: building/);
  });

  it('does not build again what is there', async () => {
    const lines: string[] = [];
    await build(lines);
    assert.deepEqual(lines, []);
  });

  it('builds again when the module changes, and shows what the compiler says when that fails', async () => {
    await writeFile(join(folder, 'hello', 'main.go'), HELLO.replace('os.Stdout', 'os.Nowhere'));
    await assert.rejects(build([]), /test peer hello cannot be built \(exit 1\):[\s\S]*undefined: os\.Nowhere/);
  });

  it('says what to install where there is no Go', async () => {
    process.env['PATH'] = join(folder, 'empty');
    await assert.rejects(build([]), /need Go 1\.21 or newer/);
    process.env['PATH'] = environment.path;
  });
});
