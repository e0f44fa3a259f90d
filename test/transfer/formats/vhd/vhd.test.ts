/** qemu-img judges dynamic images, libvhdi chains. */
import assert from 'node:assert/strict';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { MigrationError } from '../../../../src/model/errors.ts';
import type { ImageSource } from '../../../../src/model/transfer.ts';
import { checksum } from '../../../../src/transfer/formats/vhd/structures.ts';
import { openChain } from '../../../../src/transfer/transports/file/open-chain.ts';
import type { DiskReader } from '../../../../src/transfer/transports/reader.ts';
import { describeDiskReader, scatteredDisk } from '../../../conformance/disk-reader.ts';
import { randomWords } from '../../../demo/guest/disk.ts';
import { assertSameBytes, assertSameDisk, copy, fails, jobTo, layerOf, MiB, run, type Scratch, scratch } from '../../fixture.ts';
import { readByLibvhdi } from '../libvhdi.ts';
import { blocksOf, changedBlocks } from '../vhdx/disks.ts';
import { type VhdPlaces, writeVhd } from './vhd-writer.ts';

const SIZE = 9 * MiB + 512;
const BLOCK = 2 * MiB;
const signal = new AbortController().signal;

let place: Scratch;
const base = scatteredDisk(SIZE, 11).content;
const middle = Buffer.from(base);
const top = Buffer.from(base);
before(async () => {
  place = await scratch();
  await writeFile(place.path('disk.raw'), base);
  const written = scatteredDisk(SIZE, 12).content;
  for (let at = 0; at < SIZE; at += 512 * 7) written.copy(middle, at, at, at + 512);
  middle.fill(0, 3 * MiB, 3 * MiB + 65_536);
  middle.copy(top);
  for (let at = 512; at < SIZE; at += 512 * 1001) written.copy(top, at, at, at + 1024);
  written.copy(top, 6 * MiB, 6 * MiB, 8 * MiB);
});
after(() => place[Symbol.asyncDispose]());

const id = (digit: string): string => digit.repeat(32);

/** base.vhd ← middle.avhd ← top.avhd */
async function writeChain({ wholeBytes = false, small = BLOCK / 4 } = {}): Promise<readonly string[]> {
  const plan = { capacity: SIZE, blockSize: BLOCK };
  await writeVhd(place.path('base.vhd'), { ...plan, uuid: id('1'), blocks: blocksOf(base, BLOCK) });
  await writeVhd(place.path('middle.avhd'), {
    capacity: SIZE,
    blockSize: small,
    uuid: id('2'),
    blocks: changedBlocks(base, middle, { blockSize: small, wholeBytes }),
    parent: { uuid: id('1'), name: 'base.vhd' },
  });
  const blocks = changedBlocks(middle, top, { blockSize: BLOCK, whole: 3, wholeBytes });
  await writeVhd(place.path('top.avhd'), { ...plan, uuid: id('3'), blocks, parent: { uuid: id('2'), name: 'middle.avhd' } });
  return ['top.avhd', 'middle.avhd', 'base.vhd'];
}

async function chainOf(names: readonly string[], capacity = SIZE): Promise<ImageSource> {
  const [first, ...rest] = await Promise.all(names.map((name) => layerOf(place.path(name), 'vhd')));
  assert.ok(first !== undefined);
  return { kind: 'image', layers: [first, ...rest], capacity };
}

async function openReader(source: ImageSource): Promise<DiskReader> {
  const reader = await openChain(source, signal);
  assert.ok(reader !== undefined);
  return reader;
}

async function convert(subformat: 'fixed' | 'dynamic', name: string): Promise<void> {
  const options = `subformat=${subformat},force_size=on`;
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', options, place.path('disk.raw'), place.path(name));
}

describeDiskReader('a reader of a dynamic VHD made by qemu-img', async () => {
  await convert('dynamic', 'q.vhd');
  return { reader: await openReader(await chainOf(['q.vhd'])), content: base };
});

describeDiskReader('a reader of a chain of three VHDs', async () => {
  return { reader: await openReader(await chainOf(await writeChain())), content: top };
});

test('a chain of three VHDs reads as libvhdi reads it', async () => {
  // libvhdi 20210425 goes wrong where a byte of a bitmap has ones before zeros, and with blocks of 512 KiB: there the suite above judges.
  const names = await writeChain({ wholeBytes: true, small: BLOCK });
  const result = await copy(jobTo(place.path('chain.raw'), await chainOf(names)));
  assert.match(result.transport, /^file: 3 VHD files say where data is/);
  const copied = await readFile(place.path('chain.raw'));
  assert.ok(copied.equals(top));
  assert.ok((await readByLibvhdi(place.path('judged.raw'), names.map(place.path))).equals(copied));
});

test('a dynamic VHD of our writer reads as qemu-img reads it', async () => {
  await writeVhd(place.path('own.vhd'), { capacity: SIZE, blockSize: BLOCK, uuid: id('4'), blocks: blocksOf(base, BLOCK) });
  await copy(jobTo(place.path('own.raw'), await chainOf(['own.vhd'])));
  await assertSameDisk(place.path('own.raw'), place.path('own.vhd'), 'vpc');
  await assertSameBytes(place.path('own.raw'), place.path('disk.raw'));
});

test('of a dynamic VHD only cells with sectors that were written are named; the others are zeros, as libvhdi says too', async () => {
  const content = Buffer.alloc(BLOCK, 0xdb);
  const blocks = new Map([[1, { content, sectors: (index: number) => index >= 300 && index < 304 }]]);
  await writeVhd(place.path('thin.vhd'), { capacity: SIZE, blockSize: BLOCK, uuid: id('5'), blocks });
  const reader = await openReader(await chainOf(['thin.vhd']));
  assert.deepEqual(await Array.fromAsync(reader.allocated(signal)), [{ offset: BLOCK + 2 * 65_536, length: 65_536 }]);
  const whole = Buffer.alloc(SIZE, 1);
  for (let at = 0; at < SIZE; at += MiB) await reader.read(at, whole.subarray(at, at + MiB), signal);
  await reader[Symbol.asyncDispose]();
  const expected = Buffer.alloc(SIZE);
  expected.fill(0xdb, BLOCK + 300 * 512, BLOCK + 304 * 512);
  assert.ok(whole.equals(expected));
  assert.ok((await readByLibvhdi(place.path('judged.raw'), [place.path('thin.vhd')])).equals(expected));
});

test('a fixed VHD alone is left to qemu, which sees holes, and is read by us as a parent', async () => {
  await convert('fixed', 'fixed.vhd');
  assert.equal(await openChain(await chainOf(['fixed.vhd']), signal), undefined);
  const { size } = await stat(place.path('fixed.vhd'));
  const uuid = (await readFile(place.path('fixed.vhd'))).toString('hex', size - 512 + 68, size - 512 + 84);
  const blocks = changedBlocks(base, middle, { blockSize: BLOCK });
  const parent = { uuid, name: 'fixed.vhd' };
  await writeVhd(place.path('on-fixed.avhd'), { capacity: SIZE, blockSize: BLOCK, uuid: id('6'), blocks, parent });
  await copy(jobTo(place.path('on-fixed.raw'), await chainOf(['on-fixed.avhd', 'fixed.vhd'])));
  assert.ok((await readFile(place.path('on-fixed.raw'))).equals(middle));
});

test('a chain that lacks a parent or has another one is refused', async () => {
  const names = await writeChain();
  await fails(openChain(await chainOf(names.slice(0, 2)), signal), 'image-parent-missing');
  await fails(openChain(await chainOf(['top.avhd', 'base.vhd']), signal), 'image-malformed', /changed after it/);
});

/** Changes a sound image and puts its checksums right. */
async function damaged(change: (image: Buffer, places: VhdPlaces) => Buffer | undefined): Promise<ImageSource> {
  const path = place.path('damaged.vhd');
  const blocks = blocksOf(Buffer.alloc(2 * BLOCK, 1), BLOCK);
  const places = await writeVhd(path, { capacity: 2 * BLOCK, blockSize: BLOCK, uuid: id('7'), blocks });
  const image = await readFile(path);
  const changed = change(image, places) ?? image;
  const footer = image.subarray(places.size - 512);
  footer.writeUInt32BE(checksum(footer, 64), 64);
  const header = image.subarray(places.header, places.header + 1024);
  header.writeUInt32BE(checksum(header, 36), 36);
  await writeFile(path, changed);
  return await chainOf(['damaged.vhd'], 2 * BLOCK);
}

for (const [what, code, change] of [
  ['a footer of type 9', 'image-unsupported', (image, { size }) => void image.writeUInt32BE(9, size - 512 + 60)],
  ['a disk of 2^60 bytes', 'image-too-large', (image, { size }) => void image.writeBigUInt64BE(2n ** 60n, size - 512 + 48)],
  ['a disk that its table is too small for', 'image-malformed', (image, { size }) => void image.writeUInt8(1, size - 512 + 51)],
  ['a header behind its end', 'image-truncated', (image, { size }) => void image.writeUInt8(1, size - 512 + 18)],
  ['a block size of 3', 'image-malformed', (image, { header }) => void image.writeUInt32BE(3, header + 32)],
  ['a table behind its end', 'image-truncated', (image, { header }) => void image.writeUInt8(1, header + 18)],
  ['two blocks in one place', 'image-malformed', (image, { table }) => void image.copyWithin(table, table + 4, table + 8)],
  ['a block over the table', 'image-malformed', (image, { table }) => void image.writeUInt32BE(3, table)],
  ['a block behind the end', 'image-truncated', (image, { table }) => void image.writeUInt32BE(0xffff_fffe, table)],
  ['a lost end', 'image-truncated', (image) => image.subarray(0, image.length - 1024)],
  ['a lost head', 'image-truncated', (image) => image.subarray(0, 100)],
] as readonly (readonly [string, string, (image: Buffer, places: VhdPlaces) => Buffer | undefined])[]) {
  test(`a VHD with ${what} is refused`, async () => {
    await fails(openChain(await damaged(change), signal), code);
  });
}

test('wrong checksums are refused', async () => {
  const source = await damaged(() => undefined);
  await using file = await open(place.path('damaged.vhd'), 'r+');
  for (const at of [512 + 700, (await file.stat()).size - 300]) {
    await file.write(Buffer.from('x'), 0, 1, at);
    await fails(openChain(source, signal), 'image-malformed', /checksum/);
    await file.write(Buffer.alloc(1), 0, 1, at);
  }
});

test('every damaged VHD is read or refused', async () => {
  const next = randomWords(0xfade);
  let refused = 0;
  const turns = 150;
  for (let turn = 0; turn < turns; turn += 1) {
    const source = await damaged((image, { size, header, table }) => {
      const [at, used] = ([[size - 512 + 16, 70] as const, [header + 16, 40] as const, [table, 8] as const] as const)[
        next() % 3
      ] ?? [0, 1];
      for (let count = 1 + (next() % 3); count > 0; count -= 1) image.fill(next() % 256, at + (next() % used), at + used);
      return undefined;
    });
    try {
      const reader = await openChain(source, signal);
      for await (const _ of reader?.allocated(signal) ?? []) {
        // Counting is the work.
      }
      await reader?.[Symbol.asyncDispose]();
    } catch (error) {
      assert.ok(error instanceof MigrationError, `turn ${turn}: ${error instanceof Error ? error.stack : String(error)}`);
      refused += 1;
    }
  }
  assert.ok(refused > turns / 10 && refused < turns, `${refused} of ${turns} were refused`);
});
