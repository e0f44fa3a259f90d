import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { access, constants, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';

const ROOT = path.dirname(import.meta.dirname);
const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
const manifest: { scripts: Record<string, string>; bin: Record<string, string> } = JSON.parse(
  await readFile(path.join(ROOT, 'package.json'), 'utf8'),
);

describe('the README', () => {
  it('is at most two screens long', () => {
    assert.ok(readme.split('\n').length <= 95);
  });

  it('names only scripts that package.json has', () => {
    const scripts = [...readme.matchAll(/\bnpm (?:run (\w+)|(test)\b)/g)].map(([, script, test]) => script ?? test ?? '');
    assert.ok(scripts.includes('demo') && scripts.includes('test'));
    for (const script of scripts) assert.ok(script in manifest.scripts, script);
  });

  it('names only files and folders that exist', () => {
    const named = [...readme.matchAll(/`((?:src|providers|mappings|test|\.ci)\/[\w./-]*)`/g)].map(([, file = '']) => file);
    assert.ok(named.length > 10);
    for (const file of named) assert.ok(existsSync(path.join(ROOT, file)), file);
  });
});

describe('package.json', () => {
  it('has the four scripts that people remember, the soak, and what npm itself calls', () => {
    assert.deepEqual(Object.keys(manifest.scripts), ['demo', 'test', 'test:soak', 'check', 'bench', 'prepack']);
  });

  it('links a program that is there and may be executed', async () => {
    await access(path.join(ROOT, manifest.bin['kubeferry'] ?? ''), constants.X_OK);
  });

  it('is checked by continuous integration with the scripts that the README names', async () => {
    const run = await readFile(path.join(ROOT, '.ci/run'), 'utf8');
    assert.deepEqual(run.match(/^npm .*$/gm), ['npm run check', 'npm test']);
  });
});
