/** CSV exports: encodings, delimiters, quotes, numbers of several locales, and which files belong together. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { rvtoolsProvider } from '../../../providers/rvtools/index.ts';
import { MiB } from '../../../src/model/units.ts';
import type { SourceVm } from '../../../src/model/vm.ts';
import { SAMPLE, toRows } from './sample.ts';
import { type Value, writeXlsx } from './xlsx-writer.ts';

const root = await mkdtemp(path.join(tmpdir(), 'kubeferry-rvtools-'));
after(() => rm(root, { recursive: true }));
const { signal } = new AbortController();

async function read(source: string): Promise<readonly SourceVm[]> {
  await using connection = await rvtoolsProvider.connect(source, { signal });
  return await Array.fromAsync(connection.vms(signal));
}

function csv(rows: readonly (readonly Value[])[], delimiter = ',', ending = '\r\n'): string {
  const cell = (value: Value): string => {
    const text = typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value ?? '');
    return /["\r\n,;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(delimiter) + ending).join('');
}

async function writeExport(name: string, encode: (text: string) => string | Buffer, delimiter?: string): Promise<string> {
  const folder = path.join(root, name);
  await mkdir(folder);
  for (const [sheet, rows] of Object.entries(toRows(SAMPLE))) {
    await writeFile(path.join(folder, `RVTools_tab${sheet}.csv`), encode(csv(rows, delimiter)));
  }
  return folder;
}

const workbook = path.join(root, 'fleet.xlsx');
await writeXlsx(workbook, toRows(SAMPLE));
const expected = await read(workbook);

const VARIANTS: readonly (readonly [string, (text: string) => string | Buffer, string])[] = [
  ['commas', (text) => text, ','],
  ['semicolons and a byte order mark', (text) => `\ufeff${text}`, ';'],
  ['tabs in UTF-16', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), '\t'],
  ['semicolons, told by Excel', (text) => `sep=;\r\n${text}`, ';'],
];
for (const [name, encode, delimiter] of VARIANTS) {
  test(`CSV files with ${name} say what the workbook says`, async () => {
    const folder = await writeExport(name, encode, delimiter);
    assert.deepEqual(await read(path.join(folder, 'RVTools_tabvInfo.csv')), expected);
    assert.deepEqual(await read(`rvtools:${folder}`), expected);
  });
}

async function vInfo(name: string, text: string | Buffer): Promise<string> {
  const file = path.join(root, name);
  await writeFile(file, text);
  return file;
}

test('a vInfo file alone is enough for a first look', async () => {
  const header = 'VM,CPUs,Memory,Disks,Total disk capacity MiB,NICs,Network #1,Network #2';
  const file = await vInfo('export.csv', `${header}\none,1,1024,1,2048,1,LAN,\ntwo,2,2048,2,4096,2,LAN,DMZ\n`);
  const [one, two] = await read(file);
  assert.deepEqual(
    one?.disks.map(({ label, capacity }) => [label, capacity]),
    [['Hard disk 1', 2048 * MiB]],
  );
  assert.deepEqual(two?.disks, [], 'two disks of unknown sizes');
  assert.deepEqual(
    two?.nics.map(({ network }) => network?.name),
    ['LAN', 'DMZ'],
  );
  assert.deepEqual(two?.extras, [
    { path: 'vInfo/Disks', value: '2' },
    { path: 'vInfo/Total disk capacity MiB', value: '4096' },
    { path: 'vInfo/NICs', value: '2' },
  ]);
});

test('numbers of every locale are read', async () => {
  const numbers = [
    ['40960', 40960],
    ['40,960', 40960],
    ['40.960', 40960],
    ['40 960', 40960],
    ['40\u00a0960', 40960],
    ["1'040'960", 1040960],
    ['1.040.960', 1040960],
    ['40,960.50', 40960.5],
    ['40.960,50', 40960.5],
    ['40960,5', 40960.5],
    ['0.125', 0.125],
    ['many', undefined],
    ['-1', undefined],
  ] as const;
  const rows = numbers.map(([written], index) => [`vm${index}`, '2', written]);
  const file = await vInfo('numbers.csv', csv([['VM', 'CPUs', 'Memory'], ...rows]));
  const vms = await read(file);
  assert.deepEqual(
    vms.map(({ memory }) => memory.size),
    numbers.map(([, mebibytes]) => mebibytes && mebibytes * MiB),
  );
});

test('booleans that Excel translated are read', async () => {
  const file = await vInfo('words.csv', 'VM;CPUs;Memory;Template\na;1;1;WAHR\nb;1;1;FALSCH\nc;1;1;vielleicht\n');
  const vms = await read(file);
  assert.deepEqual(
    vms.map(({ isTemplate }) => isTemplate),
    [true, false, undefined],
  );
});

test('texts with quotes, line ends and delimiters arrive as they are', async () => {
  const notes = 'say "hi", then;\r\ngo home';
  const file = await vInfo('quotes.csv', csv([['VM', 'CPUs', 'Memory', 'Annotation'], [], ['a', 1, 1, notes], ['', '', '', '']]));
  const vms = await read(file);
  assert.deepEqual(
    vms.map((vm) => vm.notes),
    [notes],
  );
});

test('a folder with two exports asks for one of them, and files are joined by their names', async () => {
  const folder = path.join(root, 'two');
  await mkdir(folder);
  const header = 'VM,CPUs,Memory\n';
  for (const site of ['berlin', 'wien']) {
    await writeFile(path.join(folder, `${site}_RVTools_tabvInfo.csv`), `${header}${site},1,1024\n`);
    await writeFile(
      path.join(folder, `${site}_RVTools_tabvDisk.csv`),
      `VM,Disk,Capacity MB\n${site},Hard disk 1,${site.length}\n`,
    );
    await writeFile(path.join(folder, `${site}_RVTools_tabvNetwork.csv`), 'VM,Network\n');
  }
  await assert.rejects(read(`rvtools:${folder}`), { code: 'source-unrecognised', message: /berlin_.*wien_/ });
  const [wien, ...others] = await read(path.join(folder, 'wien_RVTools_tabvInfo.csv'));
  assert.deepEqual(others, []);
  assert.equal(wien?.disks[0]?.capacity, 4 * MiB);
});

test('files beside vInfo are read only when they are files', async () => {
  const folder = path.join(root, 'links');
  await mkdir(folder);
  await writeFile(path.join(folder, 'vInfo.csv'), 'VM,CPUs,Memory\na,1,1\n');
  await symlink('/etc/passwd', path.join(folder, 'vDisk.csv'));
  assert.deepEqual((await read(path.join(folder, 'vInfo.csv')))[0]?.disks, []);
});

test('a CSV file that is not UTF-8, and one with an open quote, are refused', async () => {
  const ansi = await vInfo('ansi.csv', Buffer.from('VM,CPUs,Memory\nB\xfccher,1,1\n', 'latin1'));
  await assert.rejects(read(ansi), { code: 'descriptor-encoding', hint: 'Save it as «CSV UTF-8».' });
  const open = await vInfo('open.csv', 'VM,CPUs,Memory\n"a,1,1\n');
  await assert.rejects(read(open), { code: 'workbook-malformed', exit: 3 });
  const endless = await vInfo('endless.csv', `VM,CPUs,Memory\n"${'x'.repeat(3 * MiB)}"\n`);
  await assert.rejects(read(endless), { code: 'workbook-malformed' });
  await assert.rejects(read(await vInfo('empty.csv', '')), { code: 'workbook-incomplete' });
});
