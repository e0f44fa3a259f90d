/** What is damaged, hostile, incomplete or contradictory gets one clear error that says everything at once. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { rvtoolsProvider } from '../../../providers/rvtools/index.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { type Export, SAMPLE, toRows, without } from './sample.ts';
import { type Sheets, writeXlsx, xlsxParts } from './xlsx-writer.ts';
import { type Part, writeZip } from './zip-writer.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-rvtools-'));
after(() => rm(folder, { recursive: true }));
const { signal } = new AbortController();
const file = path.join(folder, 'fleet.xlsx');

/** The error of reading `file`. */
async function failure(source = file): Promise<MigrationError> {
  try {
    await using connection = await rvtoolsProvider.connect(source, { signal });
    await Array.fromAsync(connection.vms(signal));
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  assert.fail('it was read');
}

async function failureOf(sheets: Sheets): Promise<MigrationError> {
  await writeXlsx(file, sheets);
  return await failure();
}

async function failureOfParts(parts: Iterable<Part>): Promise<MigrationError> {
  await writeZip(file, parts);
  return await failure();
}

/** The sample with one part replaced. */
function* withPart(name: string, chunks: Iterable<string | Buffer>, claimedSize?: number): Generator<Part> {
  for (const part of xlsxParts(toRows(SAMPLE))) {
    if (part.name !== name) yield part;
    else {
      Array.from(part.chunks);
      yield { name, chunks, ...(claimedSize !== undefined && { claimedSize }) };
    }
  }
}

test('all missing sheets and columns are told at once, with what they are needed for', async () => {
  const sheets = toRows(without('vDisk'), (title) =>
    ['CPUs', 'Network'].includes(title) ? `x ${title}` : title === 'Memory' ? 'Arbeitsspeicher' : title,
  );
  const { code, exit, message, place } = await failureOf(sheets);
  assert.equal(code, 'workbook-incomplete');
  assert.equal(exit, 2);
  assert.equal(place.file, file);
  assert.match(message, /sheet vDisk \(disks, their sizes and datastores\)/);
  assert.match(message, /column CPUs of vInfo \(the number of virtual CPUs\)/);
  assert.match(message, /column Memory of vInfo \(the size of the memory\)/);
  assert.match(message, /column Network of vNetwork \(the network of each card\)/);
  assert.doesNotMatch(message, /vTools|vHost/);
});

test('a workbook whose sheets and columns are translated says what it found', async () => {
  const { code, message } = await failureOf({
    vInfo: [['虚拟机', '电源状态', 'Prozessoren', 'Speicher']],
    vDisk: [['Maschine', 'Festplatte']],
    vNetwork: [['Maschine', 'Netz']],
  });
  assert.equal(code, 'workbook-incomplete');
  assert.match(message, /column VM of vInfo/);
  assert.match(message, /vInfo has 虚拟机, 电源状态, Prozessoren, Speicher/);
  const other = await failureOf({ Tabelle1: [['VM']], Tabelle2: [] });
  assert.match(other.message, /sheet vInfo \(the list of VMs\); sheet vDisk .*; sheet vNetwork/);
  assert.match(other.place.at ?? '', /Tabelle1, Tabelle2/);
});

test('a file that is no archive, an old .xls, a cut one and a zip of something else are refused', async () => {
  await writeFile(file, 'VM,CPUs\n');
  assert.equal((await failure()).code, 'workbook-malformed');
  await writeFile(file, '');
  assert.equal((await failure()).code, 'workbook-malformed');
  await writeFile(file, Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(512)]));
  const old = await failure();
  assert.equal(old.code, 'workbook-malformed');
  assert.match(old.hint, /\.xlsx without a password/);
  await writeXlsx(file, toRows(SAMPLE));
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length / 2));
  assert.equal((await failure()).code, 'workbook-malformed');
  assert.match((await failureOfParts([{ name: 'word/document.xml', chunks: ['<a/>'] }])).message, /no Excel workbook/);
});

test('damage anywhere ends in an error or in the same facts, never in others', async () => {
  await writeXlsx(file, toRows(SAMPLE));
  const whole = await readFile(file);
  const facts = await read();
  const step = Math.floor(whole.length / 80);
  for (let at = 0; at < whole.length; at += step) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x55;
    await writeFile(file, damaged);
    try {
      assert.deepEqual(await read(), facts, `byte ${at}`);
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
    }
  }
  async function read(): Promise<unknown> {
    await using connection = await rvtoolsProvider.connect(file, { signal });
    return await Array.fromAsync(connection.vms(signal));
  }
});

test('a zip bomb is refused before it is inflated, or while', async () => {
  const blanks = Buffer.alloc(1024 * 1024, ' ');
  function* bomb(): Generator<Buffer> {
    for (let megabyte = 0; megabyte < 80; megabyte += 1) yield blanks;
  }
  const told = await failureOfParts(withPart('xl/worksheets/sheet1.xml', bomb()));
  assert.equal(told.code, 'workbook-too-large');
  assert.equal(told.place.at, 'xl/worksheets/sheet1.xml');
  const lying = await failureOfParts(withPart('xl/sharedStrings.xml', bomb(), 1000));
  assert.equal(lying.code, 'workbook-malformed');
});

test('sheets that end in the middle, tags without end and document types are refused', async () => {
  const cut = await failureOfParts(withPart('xl/worksheets/sheet1.xml', ['<worksheet><sheetData><row><c t="str"><v>VM</v>']));
  assert.equal(cut.code, 'workbook-malformed');
  function* endless(): Generator<string> {
    yield '<worksheet><sheetData><row ';
    for (let piece = 0; piece < 200; piece += 1) yield `x${piece}="${'y'.repeat(10_000)}" `;
  }
  assert.equal((await failureOfParts(withPart('xl/worksheets/sheet1.xml', endless()))).code, 'workbook-malformed');
  const entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]><worksheet><sheetData></sheetData></worksheet>';
  for (const part of ['xl/worksheets/sheet1.xml', 'xl/workbook.xml', 'xl/sharedStrings.xml']) {
    const { code, place } = await failureOfParts(withPart(part, [entities]));
    assert.equal(code, 'xml-dtd-refused', part);
    assert.equal(place.file, file);
  }
  assert.equal((await failureOfParts(withPart('xl/workbook.xml', ['<workbook><sheets>']))).code, 'workbook-malformed');
  const wide = '<worksheet><sheetData><row><c r="ZZZZ1"><v>1</v></c></row></sheetData></worksheet>';
  assert.equal((await failureOfParts(withPart('xl/worksheets/sheet1.xml', [wide]))).code, 'workbook-malformed');
});

const [WEB = {}, DB = {}] = SAMPLE['vInfo'] ?? [];
const [DISK = {}] = SAMPLE['vDisk'] ?? [];

async function vmsOf(sheets: Export) {
  await writeXlsx(file, toRows(sheets));
  await using connection = await rvtoolsProvider.connect(file, { signal });
  return await Array.fromAsync(connection.vms(signal));
}

test('VMs of one name in two datacenters keep their own disks, whatever tells them apart', async () => {
  for (const key of ['VM ID', 'VM UUID', 'Datacenter']) {
    const plain = { 'VM ID': undefined, 'VM UUID': undefined, Datacenter: undefined };
    const twins = ['a', 'b'].map((twin) => ({ ...plain, VM: 'twin', CPUs: 1, Memory: 1024, [key]: twin }));
    const disks = ['b', 'a'].map((twin, index) => ({
      ...plain,
      VM: 'twin',
      Disk: 'Hard disk 1',
      'Capacity MiB': index + 1,
      [key]: twin,
    }));
    const vms = await vmsOf({ vInfo: twins, vDisk: disks, vNetwork: [] });
    assert.deepEqual(
      vms.map(({ disks: [disk] }) => disk?.capacity),
      [2 * 2 ** 20, 2 ** 20],
      key,
    );
    assert.equal(new Set(vms.map(({ ref }) => ref.id)).size, 2, key);
  }
});

test('managed object ids that two vCenters share do not mix', async () => {
  const infos = ['vc-a', 'vc-b'].map((server) => ({ ...WEB, VM: `web on ${server}`, 'VI SDK Server': server }));
  const disks = ['vc-b', 'vc-a'].map((server, index) => ({ ...DISK, 'Capacity MiB': index + 1, 'VI SDK Server': server }));
  const vms = await vmsOf({ vInfo: infos, vDisk: disks, vNetwork: [] });
  assert.deepEqual(
    vms.map(({ ref, disks: [disk] }) => [ref.id, disk?.capacity]),
    [
      ['vc-a/vm-101', 2 * 2 ** 20],
      ['vc-b/vm-101', 2 ** 20],
    ],
  );
});

test('rows that could belong to several VMs are not given to any', async () => {
  const twins = ['vm-1', 'vm-2'].map((id) => ({ ...WEB, VM: 'twin', 'VM ID': id, 'VM UUID': undefined }));
  const disk = { ...DISK, VM: 'twin', 'VM ID': undefined, 'VM UUID': undefined };
  const { code, exit, message } = await failureOf(toRows({ vInfo: twins, vDisk: [disk], vNetwork: [{ ...disk, Network: 'x' }] }));
  assert.equal(code, 'workbook-contradictory');
  assert.equal(exit, 2);
  assert.match(message, /rows of vDisk for twin \(Berlin\) could belong to several VMs/);
  assert.match(message, /rows of vNetwork for twin \(Berlin\)/);
});

test('a VM listed twice, and a sheet of another export, are told', async () => {
  const stranger = { ...DISK, VM: 'other', 'VM ID': 'vm-9', 'VM UUID': 'x' };
  const alone = await failureOf(
    toRows({ vInfo: [1, 2].map(() => ({ ...WEB, 'VI SDK Server': undefined })), vDisk: [], vNetwork: [] }),
  );
  assert.match(alone.message, /listed twice in vInfo/);
  const { code, message } = await failureOf(toRows({ vInfo: [WEB, DB, WEB], vDisk: [stranger], vNetwork: [] }));
  assert.equal(code, 'workbook-contradictory');
  assert.match(message, /web & shop \(Berlin\) listed twice in vInfo/);
  assert.match(message, /not one of the 1 rows of vDisk belongs to a VM of vInfo/);
});

test('disks of VMs that were taken out of vInfo are left out', async () => {
  const gone = { ...DISK, VM: 'db', 'VM ID': 'vm-9', 'VM UUID': 'x' };
  const vms = await vmsOf({ vInfo: [WEB, DB, { Annotation: 'sum' }], vDisk: [DISK, gone], vNetwork: [] });
  assert.deepEqual(
    vms.map(({ name, disks }) => [name, disks.length]),
    [
      ['web & shop', 1],
      ['db', 0],
    ],
    'the disk of another VM of that name is not taken for its own',
  );
});

test('what is not there or no export is told apart', async () => {
  assert.equal((await failure(path.join(folder, 'nothing.xlsx'))).code, 'source-not-found');
  const { code, message } = await failure(`rvtools:${folder}`);
  assert.equal(code, 'source-unrecognised');
  assert.match(message, /no vInfo CSV file/);
  await assert.rejects(rvtoolsProvider.connect(file, { signal, configuration: 'small' }), { code: 'ovf-config-unknown' });
});

test('reading stops when it is aborted, and can be started again', async () => {
  await writeXlsx(file, toRows(SAMPLE));
  await using connection = await rvtoolsProvider.connect(file, { signal });
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(Array.fromAsync(connection.vms(abort.signal)), { name: 'AbortError' });
  assert.equal((await Array.fromAsync(connection.vms(signal))).length, 2);
});

test('sources are claimed by their text', () => {
  for (const source of ['fleet.xlsx', '/a/RVTools_tabvInfo.CSV', 'C:\\fleet.xlsm', 'rvtools:/exports', 'rvtools:exports']) {
    assert.ok(rvtoolsProvider.claims(source), source);
  }
  for (const source of ['guest.ova', 'exports', 'vsphere://user@host/x.xlsx', 'fleet.xlsx.gz']) {
    assert.ok(!rvtoolsProvider.claims(source), source);
  }
});
