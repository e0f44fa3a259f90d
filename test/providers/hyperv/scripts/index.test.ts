import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { SCRIPTS, type ScriptName } from '../../../../providers/hyperv/scripts/contract.ts';
import { command, scriptText, standardInput } from '../../../../providers/hyperv/scripts/index.ts';

const PROJECT = path.resolve(import.meta.dirname, '../../../..');
const FOLDER = path.join(PROJECT, 'providers/hyperv/scripts');

describe('the command', () => {
  it('is the bootstrap and nothing else, short enough for cmd.exe and without anything that it would bend', async () => {
    const { program, args } = command();
    const line = [program, ...args].join(' ');
    assert.ok(line.length < 8191, `${line.length} characters`);
    assert.match(line, /^powershell\.exe [A-Za-z0-9 +/=-]+$/);
    const bootstrap = await readFile(path.join(FOLDER, 'bootstrap.ps1'), 'utf8');
    assert.equal(Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le'), bootstrap);
  });
});

describe('standard input', () => {
  it('is two lines of base64: the text as it is shipped, and the input as JSON', async () => {
    const vm = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const input = standardInput('power', { vm, action: 'state' });
    assert.match(input, /^[A-Za-z0-9+/=]+\n[A-Za-z0-9+/=]+\n$/);
    const [text = '', told = ''] = input.split('\n').map((line) => Buffer.from(line, 'base64').toString('utf8'));
    const shipped = await Promise.all(['preamble', 'power'].map((name) => readFile(path.join(FOLDER, `${name}.ps1`), 'utf8')));
    assert.equal(text, shipped.join('\n'));
    assert.deepEqual(JSON.parse(told), { vm, action: 'state' });
  });

  it('carries names in any script, and never in the text', () => {
    const name = 'Zürich "東京" \u{1F600}\n`$(calc)';
    const vm = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const [text = '', told = ''] = standardInput('checkpoint', { vm, action: 'find', name })
      .split('\n')
      .map((line) => Buffer.from(line, 'base64').toString('utf8'));
    assert.equal(JSON.parse(told).name, name);
    assert.equal(text, scriptText('checkpoint'));
  });

  it('refuses input that the contract does not have', () => {
    assert.throws(() => standardInput('power', { vm: 'no guid', action: 'state' }));
  });
});

describe('the package', () => {
  it('is made with the texts wherever it is made', async () => {
    for (const file of ['package.json', 'deploy/image/build.sh', 'deploy/image/Dockerfile']) {
      const text = await readFile(path.join(PROJECT, file), 'utf8');
      assert.match(text, /\btsc -p \S*\.tsconfig\.build\.json/, file);
      assert.match(text, /cp providers\/hyperv\/scripts\/\*\.ps1 \S*dist\/providers\/hyperv\/scripts\//, file);
    }
  });

  it('has the texts beside the code that reads them', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8'));
    const copying = String(scripts.prepack).split(' && ').at(-1) ?? '';
    const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-pack-'));
    try {
      // The last step of prepack on a copy of what is there before it.
      await mkdir(path.join(folder, 'dist/providers/hyperv/scripts'), { recursive: true });
      await cp(FOLDER, path.join(folder, 'providers/hyperv/scripts'), { recursive: true });
      await promisify(execFile)('sh', ['-c', copying], { cwd: folder });
      const packed = await readdir(path.join(folder, 'dist/providers/hyperv/scripts'));
      const names = Object.keys(SCRIPTS) as ScriptName[];
      assert.deepEqual(packed.toSorted(), [...names, 'bootstrap', 'preamble'].map((name) => `${name}.ps1`).toSorted());
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
