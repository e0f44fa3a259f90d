import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { atLeast, neededGo, peerModules, TOOLCHAIN } from './setup/go.mjs';
import { installedAsLocked } from './setup/lock.mjs';
import { installLine, missingPrograms, PROGRAMS } from './setup/programs.mjs';

const run = promisify(execFile);
const ROOT = path.dirname(import.meta.dirname);

describe('what npm has installed', () => {
  const locked = lock({ a: { version: '1.0.0' }, 'only-elsewhere': { version: '2.0.0', optional: true } });

  it('is complete without the packages for other machines', () => {
    assert.equal(installedAsLocked(locked, lock({ a: { version: '1.0.0' } })), true);
  });

  it('is incomplete when nothing, another version or less is there, or the record is damaged', () => {
    assert.equal(installedAsLocked(locked, undefined), false);
    assert.equal(installedAsLocked(locked, lock({ a: { version: '1.0.1' } })), false);
    assert.equal(installedAsLocked(locked, lock({})), false);
    assert.equal(installedAsLocked(locked, '{"packages":'), false);
  });

  it('is what this checkout has', async () => {
    const wanted = await readFile(path.join(ROOT, 'package-lock.json'), 'utf8');
    const installed = await readFile(path.join(ROOT, 'node_modules/.package-lock.json'), 'utf8');
    assert.equal(installedAsLocked(wanted, installed), true);
  });
});

describe('the programs of the system', () => {
  it('are only asked for where a script needs them', () => {
    assert.deepEqual(
      missingPrograms('check', () => false),
      { needed: [], wanted: [] },
    );
    assert.deepEqual(
      missingPrograms('test', () => true),
      { needed: [], wanted: [] },
    );
    assert.ok(missingPrograms('test', () => false).needed.length >= 2);
  });

  it('let the demo run without its boot at the end', () => {
    const { needed, wanted } = missingPrograms('demo', () => false);
    assert.deepEqual(
      needed.map(({ program }) => program),
      ['qemu-img'],
    );
    assert.deepEqual(
      wanted.map(({ program }) => program),
      ['qemu-system-x86_64'],
    );
  });

  it('are named in one line: packages on Debian, programs elsewhere', () => {
    const missing = PROGRAMS.filter(({ program }) => program === 'qemu-img');
    assert.equal(installLine(missing, true), 'sudo apt-get install --no-install-recommends qemu-utils');
    assert.match(installLine(missing, false), /^install qemu-img /);
  });
});

describe('Go for the test peers', () => {
  it('is as new as the most demanding module asks', () => {
    assert.equal(neededGo([]), '0');
    assert.equal(neededGo(['module a\n\ngo 1.9\n', 'module b\n\ngo 1.24.0\n', 'module c\n\ngo 1.24\n']), '1.24');
    assert.equal(atLeast('1.10', '1.9.7'), true);
    assert.equal(atLeast('1.19.8', '1.24.0'), false);
  });

  it('is new enough when it has to be fetched', () => {
    const modules = peerModules(path.join(ROOT, 'test/peers'));
    assert.ok(modules.length > 0);
    assert.ok(atLeast(TOOLCHAIN, neededGo(modules)));
  });
});

describe('the set-up of a clone', () => {
  let clone: string;

  before(async () => {
    clone = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-clone-'));
    await cp(path.join(ROOT, 'test/setup'), path.join(clone, 'test/setup'), { recursive: true });
    await cp(path.join(ROOT, 'package-lock.json'), path.join(clone, 'package-lock.json'));
    await mkdir(path.join(clone, 'node_modules/.bin'), { recursive: true });
    await cp(path.join(ROOT, 'node_modules/.package-lock.json'), path.join(clone, 'node_modules/.package-lock.json'));
    await symlink(process.execPath, path.join(clone, 'node_modules/.bin/node'));
  });

  after(async () => {
    await rm(clone, { recursive: true, force: true });
  });

  it('says nothing when all is there', async () => {
    assert.deepEqual(await setup(['check'], '/nonexistent'), { code: 0, stderr: '' });
  });

  it('ends with exit 2 and one line when a program is missing and cannot be installed', async () => {
    const { code, stderr } = await setup(['test'], '/nonexistent');
    assert.equal(code, 2);
    assert.match(stderr, /^setup: missing qemu-img, .*: install .*qemu-utils.*\n$/);
  });

  it('does without what is only wanted, and says so', async () => {
    const programs = path.join(clone, 'programs');
    await mkdir(programs);
    await writeFile(path.join(programs, 'qemu-img'), '', { mode: 0o755 });
    const { code, stderr } = await setup(['demo'], programs);
    assert.equal(code, 0);
    assert.match(stderr, /^setup: qemu-system-x86_64 would show more: .*\n$/);
  });

  it('installs with apt-get when it may', async () => {
    const programs = path.join(clone, 'with-apt');
    await mkdir(programs);
    // Stands for apt-get: leaves the programs of the packages behind.
    const apt = `#!/bin/sh\necho "apt-get $*" >&2\ncase "$*" in *install*) for p in qemu-img qemu-system-x86_64; do : > "${programs}/$p"; /bin/chmod +x "${programs}/$p"; done;; esac\n`;
    await writeFile(path.join(programs, 'apt-get'), apt, { mode: 0o755 });
    // Stands for a sudo that asks for no password; root does not call it.
    const sudo = '#!/bin/sh\nshift\n[ "$1" = true ] || exec "$@"\n';
    await writeFile(path.join(programs, 'sudo'), sudo, { mode: 0o755 });
    const { code, stderr } = await setup(['demo'], programs);
    assert.equal(code, 0);
    assert.match(stderr, /apt-get -qq update\n/);
    assert.match(stderr, /apt-get -qq install -y --no-install-recommends qemu-utils qemu-system-x86\n/);
  });

  it('refuses a purpose that it does not know', async () => {
    assert.equal((await setup(['everything'], '/nonexistent')).code, 2);
  });

  async function setup(args: readonly string[], searchPath: string): Promise<{ code: number; stderr: string }> {
    const options = { env: { PATH: searchPath } };
    try {
      const { stderr } = await run(process.execPath, [path.join(clone, 'test/setup/setup.mjs'), ...args], options);
      return { code: 0, stderr };
    } catch (error) {
      const failed = error as { readonly code: number; readonly stderr: string };
      return { code: failed.code, stderr: failed.stderr };
    }
  }
});

function lock(packages: Readonly<Record<string, object>>): string {
  return JSON.stringify({
    packages: Object.fromEntries(Object.entries(packages).map(([name, entry]) => [`node_modules/${name}`, entry])),
  });
}
