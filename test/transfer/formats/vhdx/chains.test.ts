/** Differencing images and sectors of 4 KiB. libvhdi is the judge: qemu-img opens neither. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { ImageSource } from '../../../../src/model/transfer.ts';
import { openChain } from '../../../../src/transfer/transports/file/open-chain.ts';
import { describeDiskReader, scatteredDisk } from '../../../conformance/disk-reader.ts';
import { copy, fails, jobTo, layerOf, MiB, type Scratch, scratch } from '../../fixture.ts';
import { readByLibvhdi } from '../libvhdi.ts';
import { blocksOf, changedBlocks } from './disks.ts';
import { guidOf, type VhdxPlan, writeVhdx } from './vhdx-writer.ts';

const SIZE = 10 * MiB + 4096;
const signal = new AbortController().signal;

let place: Scratch;
before(async () => {
  place = await scratch();
});
after(() => place[Symbol.asyncDispose]());

/** What the guest saw after each of three times that it wrote. */
const base = scatteredDisk(SIZE, 1).content;
const middle = overwrite(base, scatteredDisk(SIZE, 2).content, 3);
const top = overwrite(middle, scatteredDisk(SIZE, 3).content, 2);

/** Writes runs of 512 bytes out of `content`, more and more apart, and some zeros over what was there. */
function overwrite(disk: Buffer, content: Buffer, step: number): Buffer {
  const written = Buffer.from(disk);
  for (let at = 0; at + 4096 <= SIZE; at += 512 * (step + Math.floor(at / MiB))) content.copy(written, at, at, at + 512);
  written.fill(0, 3 * MiB, 3 * MiB + 8192);
  content.copy(written, 5 * MiB, 5 * MiB, 6 * MiB);
  return written;
}

async function write(name: string, plan: Omit<VhdxPlan, 'capacity'>): Promise<void> {
  await writeVhdx(place.path(name), { capacity: SIZE, dataWriteGuid: guidOf(name), ...plan });
}

/** base.vhdx ← middle.avhdx ← top.avhdx, with blocks of different sizes as Hyper-V would not make them either. */
async function writeChain(sector: 512 | 4096): Promise<readonly string[]> {
  await write('base.vhdx', { blockSize: MiB, sector, blocks: blocksOf(base, MiB) });
  const parent = { linkage: guidOf('base.vhdx'), path: '.\\base.vhdx' };
  const options = { sector, whole: 4 } as const;
  const changed = changedBlocks(base, middle, { ...options, blockSize: 2 * MiB });
  await write('middle.avhdx', { blockSize: 2 * MiB, sector, blocks: changed, parent });
  const own = changedBlocks(middle, top, { ...options, blockSize: MiB });
  await write('top.avhdx', {
    blockSize: MiB,
    sector,
    blocks: own,
    tablesLast: true,
    parent: { linkage: guidOf('middle.avhdx'), path: '.\\middle.avhdx' },
  });
  return ['top.avhdx', 'middle.avhdx', 'base.vhdx'];
}

async function chainOf(names: readonly string[], capacity = SIZE): Promise<ImageSource> {
  const [first, ...rest] = await Promise.all(names.map((name) => layerOf(place.path(name), 'vhdx')));
  assert.ok(first !== undefined);
  return { kind: 'image', layers: [first, ...rest], capacity };
}

describeDiskReader('a reader of a chain of three VHDX', async () => {
  const reader = await openChain(await chainOf(await writeChain(512)), signal);
  assert.ok(reader !== undefined);
  return { reader, content: top };
});

for (const sector of [512, 4096] as const) {
  test(`a chain with sectors of ${sector} bytes reads as libvhdi reads it`, async () => {
    const names = await writeChain(sector);
    const result = await copy(jobTo(place.path(`${sector}.raw`), await chainOf(names)));
    assert.match(result.transport, /^file: 3 VHDX files say where data is/);
    const copied = await readFile(place.path(`${sector}.raw`));
    assert.ok(copied.equals(top));
    const judged = await readByLibvhdi(place.path('judged.raw'), names.map(place.path));
    assert.ok(judged.equals(copied));
  });
}

test('a child may be larger than its parent, and a parent than its child: each ends what is below it', async () => {
  const small = { capacity: 2 * MiB, blockSize: MiB, dataWriteGuid: guidOf('small') };
  await writeVhdx(place.path('large.vhdx'), {
    capacity: 4 * MiB,
    blockSize: MiB,
    dataWriteGuid: guidOf('large'),
    blocks: blocksOf(Buffer.alloc(4 * MiB, 1), MiB),
  });
  const parent = (name: string) => ({ linkage: guidOf(name), path: `.\\${name}.vhdx` });
  await writeVhdx(place.path('small.vhdx'), { ...small, blocks: new Map(), parent: parent('large') });
  await writeVhdx(place.path('grown.vhdx'), { capacity: 4 * MiB, blockSize: MiB, blocks: new Map(), parent: parent('small') });
  await copy(jobTo(place.path('grown.raw'), await chainOf(['grown.vhdx', 'small.vhdx', 'large.vhdx'], 4 * MiB)));
  const expected = Buffer.concat([Buffer.alloc(2 * MiB, 1), Buffer.alloc(2 * MiB)]);
  assert.ok((await readFile(place.path('grown.raw'))).equals(expected));
});

test('blocks that are zero, undefined or unmapped hide the parent; those that are not present show it', async () => {
  await write('base.vhdx', { blockSize: MiB, blocks: blocksOf(base, MiB) });
  const blocks = new Map([1, 2, 3].map((state) => [state, { state }]));
  await write('states.avhdx', { blockSize: MiB, blocks, parent: { linkage: guidOf('base.vhdx'), path: 'base.vhdx' } });
  const expected = Buffer.from(base);
  expected.fill(0, MiB, 4 * MiB);
  const reader = await openChain(await chainOf(['states.avhdx', 'base.vhdx']), signal);
  assert.ok(reader !== undefined);
  for await (const { offset, length } of reader.allocated(signal)) {
    assert.ok(offset + length <= MiB || offset >= 4 * MiB, 'zeros are named as data');
  }
  await reader[Symbol.asyncDispose]();
  await copy(jobTo(place.path('states.raw'), await chainOf(['states.avhdx', 'base.vhdx'])));
  assert.ok((await readFile(place.path('states.raw'))).equals(expected));
});

test('the sector bitmap of the second chunk is found between the entries of the table', async () => {
  // A chunk is 4 GiB: with blocks of 256 MiB its bitmap is entry 16 and the next one entry 33.
  const [capacity, blockSize] = [5 * 1024 * MiB, 256 * MiB];
  const child = Buffer.alloc(blockSize);
  child.fill(0xc1, 64 * 1024, 64 * 1024 + 512);
  const sectors = (index: number): boolean => index === 128;
  const plan = { capacity, blockSize };
  await writeVhdx(place.path('far.vhdx'), {
    ...plan,
    dataWriteGuid: guidOf('far'),
    blocks: new Map([[17, { content: Buffer.alloc(MiB, 0xb5) }]]),
  });
  await writeVhdx(place.path('far.avhdx'), {
    ...plan,
    blocks: new Map([[17, { content: child.subarray(0, MiB), sectors }]]),
    parent: { linkage: guidOf('far'), path: 'far.vhdx' },
  });
  const reader = await openChain(await chainOf(['far.avhdx', 'far.vhdx'], capacity), signal);
  assert.ok(reader !== undefined);
  const start = 17 * blockSize;
  const piece = new Uint8Array(1536);
  await reader.read(start + 64 * 1024 - 512, piece, signal);
  assert.deepEqual([piece[511], piece[512], piece[1023], piece[1024]], [0xb5, 0xc1, 0xc1, 0xb5]);
  assert.deepEqual(await Array.fromAsync(reader.allocated(signal)), [{ offset: start, length: blockSize }]);
  await reader[Symbol.asyncDispose]();
});

test('while a child is merged into its parent, the parent is known by either of two identities', async () => {
  await write('base.vhdx', { blockSize: MiB, blocks: blocksOf(base, MiB) });
  const parent = { linkage: guidOf('before'), second: guidOf('base.vhdx'), path: 'base.vhdx' };
  await write('merging.avhdx', { blockSize: MiB, blocks: new Map(), parent });
  await copy(jobTo(place.path('merging.raw'), await chainOf(['merging.avhdx', 'base.vhdx'])));
  assert.ok((await readFile(place.path('merging.raw'))).equals(base));
});

test('a chain that lacks a parent, has one too many, or has another one is refused', async () => {
  const names = await writeChain(512);
  await fails(openChain(await chainOf(names.slice(0, 2)), signal), 'image-parent-missing');
  await fails(openChain(await chainOf([...names, 'base.vhdx']), signal), 'image-malformed', /stands alone/);
  await fails(openChain(await chainOf(['top.avhdx', 'base.vhdx']), signal), 'image-malformed', /changed after it/);
  const mixed = await chainOf(names);
  await writeFile(place.path('raw.img'), top);
  const raw = { ...mixed, layers: [mixed.layers[0], await layerOf(place.path('raw.img'), 'raw')] } as const;
  await fails(openChain(raw, signal), 'image-malformed', /raw image/);
});

test('a disk that is smaller than its image is refused', async () => {
  await write('base.vhdx', { blockSize: MiB, blocks: new Map() });
  await fails(openChain(await chainOf(['base.vhdx'], SIZE - 4096), signal), 'capacity-smaller-than-image');
});
