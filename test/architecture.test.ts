/**
 * The house rules of who may import whom. The tables below are the documentation; a breach fails with file, import and rule.
 * Static and dynamic imports, `export … from` and `import type` count alike: a type is a dependency too.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Part → parts it may import besides itself. The first pattern that matches a file decides its part. */
const PARTS: readonly { readonly part: string; readonly files: RegExp; readonly may: readonly string[]; readonly pure?: true }[] =
  [
    { part: 'model', files: /^src\/model\//, may: [], pure: true },
    // What more than one room needs to speak to servers: logins and trust on the wire. No names of VMs or disks in it.
    { part: 'net', files: /^src\/net\//, may: ['model', 'contracts'] },
    { part: 'programs', files: /^src\/programs\//, may: ['model'] },
    { part: 'contracts', files: /^src\/contracts\//, may: ['model'], pure: true },
    { part: 'mappings', files: /^mappings\//, may: ['model'], pure: true },
    { part: 'assess', files: /^src\/assess\//, may: ['model'], pure: true },
    { part: 'plan', files: /^src\/plan\//, may: ['model'], pure: true },
    { part: 'report', files: /^src\/report\//, may: ['model'], pure: true },
    { part: 'resources', files: /^src\/resources\//, may: ['model'], pure: true },
    { part: 'provider registry', files: /^providers\/index\.ts$/, may: ['model', 'contracts', 'provider:*'] },
    { part: 'provider:$1', files: /^providers\/([^/]+)\//, may: ['model', 'contracts', 'net'] },
    { part: 'transfer', files: /^src\/transfer\//, may: ['model', 'contracts', 'plan', 'net', 'programs'] },
    { part: 'convert', files: /^src\/convert\//, may: ['model', 'contracts', 'programs'] },
    { part: 'folder', files: /^src\/folder\//, may: ['model', 'contracts'] },
    { part: 'kube', files: /^src\/kube\//, may: ['model', 'contracts', 'resources'] },
    { part: 'steps', files: /^src\/steps\//, may: ['model', 'contracts', 'plan'] },
    { part: 'prepare', files: /^src\/prepare(-vm)?\.ts$/, may: ['model', 'contracts', 'assess', 'mappings', 'plan', 'steps'] },
    { part: 'migrate', files: /^src\/migrate\.ts$/, may: ['model', 'contracts', 'assess', 'mappings', 'plan', 'steps'] },
    { part: 'verify', files: /^src\/verify\.ts$/, may: ['model', 'contracts'] },
    { part: 'metrics', files: /^src\/metrics\//, may: ['model', 'contracts', 'resources'] },
    { part: 'log', files: /^src\/log\.ts$/, may: ['model', 'contracts'] },
    { part: 'retry', files: /^src\/retry\.ts$/, may: ['model', 'contracts'] },
    {
      part: 'wire',
      files: /^src\/wire\.ts$/,
      may: [
        'model',
        'contracts',
        'provider registry',
        'transfer',
        'convert',
        'folder',
        'kube',
        'log',
        'metrics',
        'report',
        'retry',
        'steps',
      ],
    },
    {
      part: 'door main',
      files: /^src\/(cli|operator|worker)\/main\.ts$/,
      may: ['wire', 'log', 'cli', 'operator', 'worker', 'model', 'contracts'],
    },
    {
      part: 'operator',
      files: /^src\/operator\//,
      may: ['prepare', 'migrate', 'verify', 'report', 'assess', 'plan', 'resources', 'model', 'contracts'],
    },
    {
      part: '$1',
      files: /^src\/(cli|worker)\//,
      may: ['prepare', 'migrate', 'verify', 'report', 'assess', 'resources', 'model', 'contracts'],
    },
  ];

/** Package → the only places that may import it. */
const FENCES: readonly { readonly packages: RegExp; readonly where: RegExp }[] = [
  { packages: /^soap$/, where: /^providers\/vsphere\// },
  { packages: /^(ssh2|kerberos)$/, where: /^providers\/hyperv\// },
  { packages: /^@kubernetes\/client-node$/, where: /^src\/kube\// },
  { packages: /^p-queue$/, where: /^src\/transfer\// },
  { packages: /^commander$/, where: /^src\/cli\// },
  { packages: /^pino$/, where: /^src\/log\.ts$/ },
  { packages: /^prom-client$/, where: /^src\/metrics\// },
  { packages: /^cli-progress$/, where: /^src\/cli\// },
  { packages: /^node:child_process$/, where: /^src\/programs\// },
];

/** What a pure room may not touch, by name: time and randomness have no module. */
const IMPURE: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bprocess\.\w/,
  /\bconsole\.\w/,
  /\bfetch\(/,
  /\bsetTimeout\b/,
];

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** Path inside the project, absent for packages and node: modules. */
  readonly target?: string;
}

const files = ['src/**/*.{ts,js}', 'providers/**/*.ts', 'mappings/**/*.ts']
  .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  .map((file) => file.replaceAll(path.sep, '/'))
  .sort();
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = withoutComments(readFileSync(path.join(ROOT, file), 'utf8'));
  const found = [
    ...text.matchAll(/(?:^|[\n;}])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/(?:^|[\n;}])\s*import\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
  ];
  return found.map((match) => {
    const specifier = match[1] ?? '';
    if (!specifier.startsWith('.')) return { from: file, specifier };
    return { from: file, specifier, target: path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)) };
  });
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/[^\n]*/g, '$1');
}

/** Prose in quotes may speak of a process; code in template strings is kept. */
function withoutStrings(text: string): string {
  return text.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

function partOf(file: string): { name: string; may: readonly string[]; pure: boolean } | undefined {
  for (const { part, files: pattern, may, pure } of PARTS) {
    const match = pattern.exec(file);
    if (match) return { name: part.replace('$1', match[1] ?? ''), may, pure: pure === true };
  }
  return undefined;
}

function allows(may: readonly string[], part: string): boolean {
  return may.some((entry) => entry === part || (entry.endsWith('*') && part.startsWith(entry.slice(0, -1))));
}

test('the checked tree is the real one', () => {
  assert.ok(files.length > 20, `only ${files.length} source files found below ${ROOT}`);
  assert.ok(
    imports.some(({ target }) => target === 'src/model/vm.ts'),
    'imports are being read',
  );
});

test('every source file belongs to a room', () => {
  const homeless = files.filter((file) => partOf(file) === undefined && file !== 'src/cli/bin.js');
  assert.deepEqual(homeless, []);
});

test('rooms import only what the table allows', () => {
  const breaches: string[] = [];
  for (const { from, target } of imports) {
    if (target === undefined) continue;
    const here = partOf(from);
    const there = partOf(target);
    if (here === undefined || there === undefined || here.name === there.name) continue;
    if (!allows(here.may, there.name)) breaches.push(`${from} (${here.name}) imports ${target} (${there.name})`);
  }
  assert.deepEqual(breaches, []);
});

test('nothing in the product imports from the tests', () => {
  assert.deepEqual(
    imports.filter(({ target }) => target?.startsWith('test/')).map(({ from, target }) => `${from} imports ${target}`),
    [],
  );
});

test('only a main.ts imports the composition root', () => {
  const breaches = imports.filter(
    ({ from, target }) => target === 'src/wire.ts' && !/^src\/(cli|operator|worker)\/main\.ts$/.test(from),
  );
  assert.deepEqual(breaches, []);
});

test('fenced packages stay behind their fence', () => {
  const breaches: string[] = [];
  for (const { from, specifier } of imports) {
    for (const fence of FENCES) {
      if (fence.packages.test(specifier) && !fence.where.test(from)) breaches.push(`${from} imports ${specifier}`);
    }
  }
  assert.deepEqual(breaches, []);
});

test('pure rooms touch no node module, time, randomness or log', () => {
  const breaches: string[] = [];
  for (const { from, specifier } of imports) {
    if (partOf(from)?.pure && specifier.startsWith('node:')) breaches.push(`${from} imports ${specifier}`);
  }
  for (const file of files.filter((candidate) => partOf(candidate)?.pure)) {
    const text = withoutStrings(withoutComments(readFileSync(path.join(ROOT, file), 'utf8')));
    for (const impure of IMPURE) if (impure.test(text)) breaches.push(`${file} uses ${impure.source}`);
  }
  assert.deepEqual(breaches, []);
});

test('contracts are types only', () => {
  const values = files
    .filter((file) => file.startsWith('src/contracts/'))
    .filter((file) => /^export (?!interface|type)/m.test(readFileSync(path.join(ROOT, file), 'utf8')));
  assert.deepEqual(values, []);
});

test('no import cycle exists, types included', () => {
  const graph = new Map<string, string[]>();
  for (const { from, target } of imports) if (target !== undefined) graph.set(from, [...(graph.get(from) ?? []), target]);
  assert.deepEqual(findCycle(graph), undefined);
});

test('the cycle finder finds a cycle', () => {
  assert.deepEqual(
    findCycle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
    ['b', 'c', 'b'],
  );
});

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const finished = new Set<string>();
  const trail: string[] = [];
  function visit(node: string): string[] | undefined {
    const seenAt = trail.indexOf(node);
    if (seenAt >= 0) return [...trail.slice(seenAt), node];
    if (finished.has(node)) return undefined;
    trail.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    trail.pop();
    finished.add(node);
    return undefined;
  }
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}

test('environment and process exits are read and made in the doors only', () => {
  const breaches: string[] = [];
  for (const file of files) {
    if (/^src\/(cli|operator|worker)\/main\.ts$|^src\/cli\/bin\.js$/.test(file)) continue;
    const text = withoutComments(readFileSync(path.join(ROOT, file), 'utf8'));
    if (/\bprocess\.(exit|argv)\b/.test(text)) breaches.push(file);
  }
  assert.deepEqual(breaches, []);
});
