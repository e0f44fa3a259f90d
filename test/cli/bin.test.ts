import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LAUNCHER = path.join(ROOT, 'src/cli/bin.js');

describe('the program that npm links', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-bin-'));
    await place('package.json', '{ "type": "module" }');
    await mkdir(path.join(folder, 'src/cli'), { recursive: true });
    await cp(LAUNCHER, path.join(folder, 'src/cli/bin.js'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('starts the sources of this checkout', async () => {
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
    assert.deepEqual(launch(LAUNCHER, '--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('is a plugin of kubectl by its other name, and says how it is called', async () => {
    const { bin } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
    const link = path.join(folder, 'kubectl-kubeferry');
    await symlink(path.join(ROOT, bin['kubectl-kubeferry']), link);
    const { status, stdout } = launch(link, 'status', '--help');
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: kubectl kubeferry status \[options\] \[plan\] \[vms\.\.\.\]$/m);
    assert.match(launch(link, '--help').stdout, /^ {2}kubectl kubeferry plan guest\.ova /m);
  });

  it('starts the build where the sources were not published', async () => {
    await place('dist/src/cli/main.js', 'process.stdout.write(process.argv.slice(2).join());');
    assert.deepEqual(launch(path.join(folder, 'src/cli/bin.js'), 'plan', 'a.ova'), {
      status: 0,
      stdout: 'plan,a.ova',
      stderr: '',
    });
  });

  it('says how to set up a fresh clone', async () => {
    await place('src/cli/main.ts', 'process.stdout.write("must not run");');
    const { status, stdout, stderr } = launch(path.join(folder, 'src/cli/bin.js'));
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^kubeferry: .*node test\/setup\/setup\.mjs.*\n$/);
  });

  async function place(file: string, content: string): Promise<void> {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), content);
  }

  function launch(program: string, ...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  }
});
