import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { ImageSource } from '../../../../src/model/transfer.ts';
import { openChain } from '../../../../src/transfer/transports/file/open-chain.ts';
import type { DiskReader } from '../../../../src/transfer/transports/reader.ts';
import { describeDiskReader, scatteredDisk } from '../../../conformance/disk-reader.ts';
import { assertSameBytes, assertSameDisk, copy, fails, jobTo, layerOf, MiB, run, type Scratch, scratch } from '../../fixture.ts';
import { blocksOf } from './disks.ts';
import { guidOf, writeVhdx } from './vhdx-writer.ts';

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
