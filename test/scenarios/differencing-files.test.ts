/** A VHDX or VHD given as a file, with its parents beside it: from the path that a person names to the proven raw disk. */
import assert from 'node:assert/strict';
import { mkdir, open, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readImageFile } from '../../providers/file/image/bare-image.ts';
import type { DiskSource } from '../../src/model/transfer.ts';
import { scatteredDisk } from '../conformance/disk-reader.ts';
import { copy, fails, jobTo, MiB, type Scratch, scratch } from '../transfer/fixture.ts';
import { writeVhd } from '../transfer/formats/vhd/vhd-writer.ts';
import { blocksOf, changedBlocks } from '../transfer/formats/vhdx/disks.ts';
import { soil } from '../transfer/formats/vhdx/log-writer.ts';
import { guidOf, writeAt, writeVhdx } from '../transfer/formats/vhdx/vhdx-writer.ts';

const SIZE = 6 * MiB;
const SECTOR = 4096;
const signal = new AbortController().signal;
const base = scatteredDisk(SIZE, 21).content;
const top = scatteredDisk(SIZE, 22).content;

let place: Scratch;
before(async () => {
  place = await scratch();
});
after(() => place[Symbol.asyncDispose]());

async function sourceOf(name: string): Promise<DiskSource> {
  const { disks, unreadable } = await readImageFile(place.path(name), signal);
  assert.equal(unreadable, undefined);
  const source = disks.get('disk0');
  assert.ok(source !== undefined);
  return source;
}

async function assertReads(name: string): Promise<void> {
  const { proof, transport } = await copy(jobTo(place.path(`${name}.raw`), await sourceOf(name)));
  assert.match(transport, /^file: 2 VHDX? files say where data is/);
  assert.equal(proof?.size, SIZE);
  assert.ok((await readFile(place.path(`${name}.raw`))).equals(top));
}

/** A checkpoint of a VM whose host lost its power: the newest table is in the log only. */
async function writeVhdxPair(folder: string, path: string): Promise<void> {
  const plan = { capacity: SIZE, blockSize: MiB };
  await writeVhdx(place.path('web.vhdx'), { ...plan, dataWriteGuid: guidOf('web'), blocks: blocksOf(base, MiB) });
  const child = place.path(`${folder}web_1.avhdx`);
  const dataWriteGuid = guidOf('child');
  const blocks = changedBlocks(base, top, { blockSize: MiB, whole: 2 });
  const { bat, log } = await writeVhdx(child, { ...plan, dataWriteGuid, blocks, parent: { linkage: guidOf('web'), path } });
  const table = Buffer.alloc(SECTOR);
  await using file = await open(child, 'r+');
  await file.read(table, 0, SECTOR, bat);
  await writeAt(file, bat, Buffer.alloc(SECTOR));
  const changes = [{ at: bat, content: table }];
  await soil(child, { log, dataWriteGuid, entries: [{ at: 0, sequence: 5, tail: 0, changes }] });
}

test('a VHDX of a checkpoint, with a log that was not replayed, is read on its parent beside it', async () => {
  await writeVhdxPair('', '.\\web.vhdx');
  await assertReads('web_1.avhdx');
});

test('a VHD of a checkpoint is read on its parent beside it', async () => {
  const plan = { capacity: SIZE, blockSize: 2 * MiB };
  await writeVhd(place.path('old.vhd'), { ...plan, uuid: '1'.repeat(32), blocks: blocksOf(base, plan.blockSize) });
  const blocks = changedBlocks(base, top, plan);
  const parent = { uuid: '1'.repeat(32), name: 'old.vhd' };
  await writeVhd(place.path('old_1.avhd'), { ...plan, uuid: '2'.repeat(32), blocks, parent });
  await assertReads('old_1.avhd');
});

test('a parent in another folder is not followed, one that is not there is missed', async () => {
  await mkdir(place.path('inner'));
  await writeVhdxPair('inner/', '..\\web.vhdx');
  await fails(readImageFile(place.path('inner/web_1.avhdx'), signal), 'image-extent-unsafe');
  await writeVhdxPair('inner/', '.\\web.vhdx');
  await fails(readImageFile(place.path('inner/web_1.avhdx'), signal), 'image-parent-missing');
});

test('a parent that was written after its child is refused, before the copy and during it', async () => {
  await writeVhdxPair('', '.\\web.vhdx');
  const source = await sourceOf('web_1.avhdx');
  await writeVhdx(place.path('web.vhdx'), { capacity: SIZE, blockSize: MiB, dataWriteGuid: guidOf('later'), blocks: new Map() });
  await fails(readImageFile(place.path('web_1.avhdx'), signal), 'image-malformed');
  await writeVhdx(place.path('web.vhdx'), {
    capacity: SIZE,
    blockSize: MiB,
    dataWriteGuid: guidOf('later'),
    blocks: blocksOf(base, MiB),
  });
  await fails(copy(jobTo(place.path('late.raw'), source)), 'image-malformed', /changed after it/);
});
