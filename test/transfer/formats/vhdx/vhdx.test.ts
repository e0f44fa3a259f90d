import assert from 'node:assert/strict';
import { open, stat, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { ImageSource } from '../../../../src/model/transfer.ts';
import { openChain } from '../../../../src/transfer/transports/file/open-chain.ts';
import type { DiskReader } from '../../../../src/transfer/transports/reader.ts';
import { describeDiskReader, scatteredDisk } from '../../../conformance/disk-reader.ts';
import { assertSameBytes, assertSameDisk, copy, fails, jobTo, layerOf, MiB, run, type Scratch, scratch } from '../../fixture.ts';
import { blocksOf } from './disks.ts';
import { sign, type VhdxPlaces, writeAt, writeVhdx } from './vhdx-writer.ts';

const signal = new AbortController().signal;
const SIZE = 12 * MiB + 512;

let place: Scratch;
const { content } = scatteredDisk(SIZE);
before(async () => {
  place = await scratch();
  await writeFile(place.path('disk.raw'), content);
});
after(() => place[Symbol.asyncDispose]());

async function sourceOf(name: string, capacity: number): Promise<ImageSource> {
  return { kind: 'image', layers: [await layerOf(place.path(name), 'vhdx')], capacity };
}

async function openReader(name: string, capacity = SIZE): Promise<DiskReader> {
  const reader = await openChain(await sourceOf(name, capacity), signal);
  assert.ok(reader !== undefined);
  return reader;
}

describeDiskReader('a reader of a dynamic VHDX made by qemu-img', async () => {
  await run(
    'qemu-img',
    'convert',
    '-f',
    'raw',
    '-O',
    'vhdx',
    '-o',
    'block_size=1M',
    place.path('disk.raw'),
    place.path('q.vhdx'),
  );
  const { size } = await stat(place.path('disk.raw'));
  return { reader: await openReader('q.vhdx', size), content };
});

describeDiskReader('a reader of a VHDX with scattered blocks and tables behind them', async () => {
  await writeVhdx(place.path('own.vhdx'), { capacity: SIZE, blockSize: MiB, blocks: blocksOf(content, MiB), tablesLast: true });
  return { reader: await openReader('own.vhdx'), content };
});

for (const [what, options] of [
  ['fixed', 'subformat=fixed'],
  ['dynamic with blocks of 1 MiB', 'subformat=dynamic,block_size=1M'],
  ['dynamic with blocks of 256 MiB', 'subformat=dynamic,block_size=256M'],
] as const) {
  test(`a ${what} VHDX of qemu-img becomes the disk that it was made of`, async () => {
    const { capacity, image } = await fromQemu(options);
    const result = await copy(jobTo(place.path('out.raw'), await sourceOf(image, capacity)));
    await assertSameDisk(place.path('out.raw'), place.path(image), 'vhdx');
    await assertSameDisk(place.path('out.raw'), place.path('disk.raw'), 'raw');
    assert.match(result.transport, /^file: the VHDX says where data is/);
  });
}

async function fromQemu(options: string): Promise<{ readonly capacity: number; readonly image: string }> {
  const image = 'any.vhdx';
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'vhdx', '-o', options, place.path('disk.raw'), place.path(image));
  const info: { 'virtual-size': number } = JSON.parse(await run('qemu-img', 'info', '--output=json', place.path(image)));
  return { capacity: info['virtual-size'], image };
}

for (const [what, blockSize, tablesLast] of [
  ['blocks of 1 MiB from the last to the first', MiB, false],
  ['tables behind the data', 2 * MiB, true],
  ['one block of 256 MiB', 256 * MiB, true],
] as const) {
  test(`a VHDX with ${what} reads as qemu-img reads it`, async () => {
    await writeVhdx(place.path('own.vhdx'), { capacity: SIZE, blockSize, blocks: blocksOf(content, blockSize), tablesLast });
    await copy(jobTo(place.path('own.raw'), await sourceOf('own.vhdx', SIZE)));
    await assertSameDisk(place.path('own.raw'), place.path('own.vhdx'), 'vhdx');
    await assertSameBytes(place.path('own.raw'), place.path('disk.raw'));
  });
}

test('only blocks that are there are named and read', async () => {
  const capacity = 64 * MiB;
  const disk = Buffer.alloc(capacity);
  for (const block of [0, 7, 8, 63]) disk.fill(block + 1, block * MiB, block * MiB + 4096);
  await writeVhdx(place.path('thin.vhdx'), { capacity, blockSize: MiB, blocks: blocksOf(disk, MiB) });
  const reader = await openReader('thin.vhdx', capacity);
  assert.deepEqual(await Array.fromAsync(reader.allocated(signal)), [
    { offset: 0, length: MiB },
    { offset: 7 * MiB, length: 2 * MiB },
    { offset: 63 * MiB, length: MiB },
  ]);
  await reader[Symbol.asyncDispose]();
  const { allocated, moved } = await copy(jobTo(place.path('thin.raw'), await sourceOf('thin.vhdx', capacity)));
  assert.deepEqual([allocated, moved], [4 * MiB, 4 * MiB]);
});

/** Changes a sound image of which one block is stored. */
async function damaged(change: (image: Image) => Promise<void>): Promise<ImageSource> {
  const disk = Buffer.alloc(4 * MiB, 1);
  const path = place.path('damaged.vhdx');
  const places = await writeVhdx(path, { capacity: disk.length, blockSize: MiB, blocks: blocksOf(disk, MiB) });
  await using file = await open(path, 'r+');
  await change({
    places,
    patch: (at, bytes) => writeAt(file, at, bytes),
    resign: async (at, length, edit) => {
      const block = Buffer.alloc(length);
      await file.read(block, 0, length, at);
      edit(block);
      await writeAt(file, at, sign(block));
    },
    cut: (size) => file.truncate(size),
  });
  return await sourceOf('damaged.vhdx', disk.length);
}

interface Image {
  readonly places: VhdxPlaces;
  patch(at: number, bytes: Buffer): Promise<void>;
  /** Changes a structure and puts its checksum right. */
  resign(at: number, length: number, edit: (block: Buffer) => void): Promise<void>;
  cut(size: number): Promise<void>;
}

const KiB = 1024;
const entry = (state: number, megabyte: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(megabyte) << 20n) | BigInt(state));
  return bytes;
};

for (const [what, code, change] of [
  ['a wrong mark', 'image-malformed', ({ patch }) => patch(0, Buffer.from('vhdxfilf'))],
  [
    'two headers with wrong checksums',
    'image-malformed',
    async ({ patch }) => {
      await patch(64 * KiB + 300, Buffer.from('x'));
      await patch(128 * KiB + 300, Buffer.from('x'));
    },
  ],
  [
    'two region tables with wrong checksums',
    'image-malformed',
    async ({ patch }) => {
      await patch(192 * KiB + 300, Buffer.from('x'));
      await patch(256 * KiB + 300, Buffer.from('x'));
    },
  ],
  ['version 2', 'image-unsupported', ({ resign }) => resign(128 * KiB, 4 * KiB, (block) => block.writeUInt16LE(2, 66))],
  ['a log behind its end', 'image-truncated', ({ resign }) => resign(128 * KiB, 4 * KiB, (block) => block.writeUInt8(9, 77))],
  ['a table over the header', 'image-malformed', ({ resign }) => resign(192 * KiB, 64 * KiB, (block) => block.fill(0, 32, 40))],
  [
    'a region that is needed and unknown',
    'image-unsupported',
    ({ resign }) => resign(192 * KiB, 64 * KiB, (block) => block.fill(7, 16, 32)),
  ],
  [
    'two blocks in one place',
    'image-malformed',
    ({ patch, places }) => patch(places.bat, entry(6, (places.blocks.get(1) ?? 0) / MiB)),
  ],
  ['a block in the header', 'image-malformed', ({ patch, places }) => patch(places.bat, entry(6, 0))],
  ['a block behind the end', 'image-truncated', ({ patch, places }) => patch(places.bat, entry(6, 2 ** 43))],
  ['a block in a state that does not exist', 'image-malformed', ({ patch, places }) => patch(places.bat, entry(4, 0))],
  [
    'a block that is partially present without a parent',
    'image-malformed',
    ({ patch, places }) => patch(places.bat, entry(7, 9)),
  ],
  ['a disk of 2^60 bytes', 'image-too-large', ({ patch, places }) => patch(places.metadata + 64 * KiB + 8, entry(0, 2 ** 40))],
  [
    'a disk that its table is too small for',
    'image-malformed',
    ({ patch, places }) => patch(places.metadata + 64 * KiB + 8, entry(0, 2 ** 20)),
  ],
  [
    'a block size of 3 MiB',
    'image-malformed',
    ({ patch, places }) => patch(places.metadata + 64 * KiB, Buffer.from([0, 0, 0x30])),
  ],
  ['a lost end', 'image-truncated', ({ cut, places }) => cut(places.size - MiB)],
  ['a lost head', 'image-truncated', ({ cut }) => cut(512)],
] as readonly (readonly [string, string, (image: Image) => Promise<void>])[]) {
  test(`a VHDX with ${what} is refused`, async () => {
    await fails(openChain(await damaged(change), signal), code);
  });
}

test('one damaged header and one damaged region table do no harm', async () => {
  const source = await damaged(async ({ patch }) => {
    await patch(64 * KiB + 300, Buffer.from('x'));
    await patch(192 * KiB + 300, Buffer.from('x'));
  });
  await (await openChain(source, signal))?.[Symbol.asyncDispose]();
});
