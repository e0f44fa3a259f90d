import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crc32c } from '../../../../providers/file/image/crc32c.ts';
import { probeImage } from '../../../../providers/file/image/probe.ts';
import { sampleDisk, signal, type Workshop, withCode, workshop } from './workshop.ts';

const KiB = 1024;

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.write('disk.raw', sampleDisk());
  await shop.qemu('convert', '-f', 'raw', '-O', 'vhdx', '-o', 'block_size=1M', 'disk.raw', 'base.vhdx');
});
after(() => shop[Symbol.asyncDispose]());

const ITEMS = {
  parameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  size: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  logicalSector: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const;

function guidBytes(text: string): Buffer {
  const hex = Buffer.from(text.replaceAll('-', ''), 'hex');
  hex.subarray(0, 4).reverse();
  hex.subarray(4, 6).reverse();
  hex.subarray(6, 8).reverse();
  return hex;
}

interface Parts {
  readonly image: Buffer;
  readonly headers: readonly Buffer[];
  readonly regionTables: readonly Buffer[];
  readonly metadata: Buffer;
  /** Bytes of a metadata item. */
  item(id: keyof typeof ITEMS): Buffer;
}

/** Changes a copy of base.vhdx and puts its checksums right. */
async function rewrite(to: string, change: (parts: Parts) => void): Promise<void> {
  const image = await shop.read('base.vhdx');
  const headers = [64, 128].map((at) => image.subarray(at * KiB, (at + 4) * KiB));
  const regionTables = [192, 256].map((at) => image.subarray(at * KiB, (at + 64) * KiB));
  const entry = image.indexOf(guidBytes('8b7ca206-4790-4b9a-b8fe-575f050f886e'), 192 * KiB);
  const at = Number(image.readBigUInt64LE(entry + 16));
  const metadata = image.subarray(at, at + 1024 * KiB);
  const item = (id: keyof typeof ITEMS) => {
    const found = metadata.indexOf(guidBytes(ITEMS[id]));
    return metadata.subarray(metadata.readUInt32LE(found + 16), metadata.readUInt32LE(found + 16) + 64);
  };
  change({ image, headers, regionTables, metadata, item });
  for (const block of [...headers, ...regionTables]) block.writeUInt32LE(crc32c(block, 4), 4);
  await shop.write(to, image);
}

/** Adds a parent locator at 80 KiB of the metadata region. */
function addParent({ metadata, item }: Parts, linkage: string, path: string): void {
  item('parameters').writeUInt32LE(2, 4);
  const count = metadata.readUInt16LE(10);
  metadata.writeUInt16LE(count + 1, 10);
  const entry = 32 + count * 32;
  guidBytes(ITEMS.parentLocator).copy(metadata, entry);
  const texts = ['parent_linkage', `{${linkage}}`, 'relative_path', path].map((text) => Buffer.from(text, 'utf16le'));
  const locator = Buffer.alloc(44);
  guidBytes('b04aefb7-d19e-4a81-b789-25b8e9445913').copy(locator);
  locator.writeUInt16LE(2, 18);
  let at = locator.length;
  for (const [index, text] of texts.entries()) {
    const pair = 20 + Math.floor(index / 2) * 12;
    locator.writeUInt32LE(at, pair + (index % 2) * 4);
    locator.writeUInt16LE(text.length, pair + 8 + (index % 2) * 2);
    at += text.length;
  }
  Buffer.concat([locator, ...texts]).copy(metadata, 80 * KiB);
  metadata.writeUInt32LE(80 * KiB, entry + 16);
  metadata.writeUInt32LE(at, entry + 20);
  metadata.writeUInt32LE(6, entry + 24);
}

/** A valid entry of the log that changes nothing ([MS-VHDX] 2.3.1.1). */
function addLogEntry(entry: Buffer, fileSize: number): void {
  entry.fill(0);
  entry.write('loge');
  entry.writeUInt32LE(entry.length, 8);
  entry.writeBigUInt64LE(1n, 16);
  entry.fill(9, 32, 48);
  entry.writeBigUInt64LE(BigInt(fileSize), 48);
  entry.writeBigUInt64LE(BigInt(fileSize), 56);
  entry.writeUInt32LE(crc32c(entry, 4), 4);
}

async function dataWriteGuid(): Promise<string> {
  const image = await shop.read('base.vhdx');
  const [first, second] = [64 * KiB, 128 * KiB];
  const at = image.readBigUInt64LE(first + 8) > image.readBigUInt64LE(second + 8) ? first : second;
  const hex = (from: number, to: number, swap: boolean) => {
    const bytes = Buffer.from(image.subarray(at + 32 + from, at + 32 + to));
    return (swap ? bytes.reverse() : bytes).toString('hex');
  };
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)].join('-');
}

test('blocks with data are counted from the block table', async () => {
  // The sample touches the first, third and last MiB.
  assert.equal((await shop.probe('base.vhdx')).allocated, 3 * 1024 * KiB);
});

test('a VHDX whose log is not empty says so; qemu-img would have to write to it', async () => {
  await rewrite('dirty.vhdx', ({ headers, image }) => {
    for (const header of headers) header.fill(9, 48, 64);
    const at = Number(image.readBigUInt64LE(64 * KiB + 72));
    addLogEntry(image.subarray(at, at + 4 * KiB), image.length);
  });
  const probed = await shop.probe('dirty.vhdx');
  assert.equal(probed.unreadable, undefined);
  assert.ok(probed.extras?.some(({ path }) => path === 'image/dirtyLog'));
  assert.equal(probed.allocated, undefined, 'the log may change the block table');
  await assert.rejects(shop.info('dirty.vhdx'));
});

test('a VHDX with sectors of 4096 bytes says so; qemu-img cannot open it', async () => {
  await rewrite('4k.vhdx', ({ item }) => item('logicalSector').writeUInt32LE(4096));
  const probed = await shop.probe('4k.vhdx');
  assert.equal(probed.sectorSize, 4096);
  assert.equal(probed.unreadable, undefined);
  await assert.rejects(shop.info('4k.vhdx'));
});

test('a differencing VHDX comes with its parent', async () => {
  const linkage = await dataWriteGuid();
  await rewrite('child.avhdx', (parts) => addParent(parts, linkage, '.\\base.vhdx'));
  const probed = await shop.probe('child.avhdx');
  assert.deepEqual(probed.format, { container: 'vhdx', variant: 'differencing' });
  assert.deepEqual(probed.parents, ['base.vhdx']);
  assert.deepEqual(
    probed.layers.map(({ slices }) => slices[0]?.path),
    [shop.path('child.avhdx'), shop.path('base.vhdx')],
  );
  assert.equal(probed.unreadable, undefined);
});

test('the parent of a VHDX may be a member of the same archive', async () => {
  const linkage = await dataWriteGuid();
  await rewrite('packed.avhdx', (parts) => addParent(parts, linkage, '.\\base.vhdx'));
  const [child, parent] = [await shop.locate('packed.avhdx'), await shop.locate('base.vhdx')];
  const siblings = new Map([['base.vhdx', parent.slices[0]]]);
  const probed = await probeImage({ name: child.name, slices: child.slices, siblings }, signal);
  assert.equal(probed.layers.length, 2);
  assert.equal(probed.unreadable, undefined);
});

test('a differencing VHDX without its parent, on a changed one, or on itself is refused', async () => {
  const linkage = await dataWriteGuid();
  await rewrite('lost.avhdx', (parts) => addParent(parts, linkage, '.\\gone.vhdx'));
  await assert.rejects(shop.probe('lost.avhdx'), withCode('image-parent-missing'));
  await rewrite('stale.avhdx', (parts) => addParent(parts, linkage.replace(/^./, 'x'), '.\\base.vhdx'));
  await assert.rejects(shop.probe('stale.avhdx'), withCode('image-malformed'));
  await rewrite('outside.avhdx', (parts) => addParent(parts, linkage, '..\\base.vhdx'));
  await assert.rejects(shop.probe('outside.avhdx'), withCode('image-extent-unsafe'));
  await rewrite('self.avhdx', (parts) => addParent(parts, linkage, 'self.avhdx'));
  await assert.rejects(shop.probe('self.avhdx'), withCode('image-parent-loop'));
});

test('one damaged copy of header or region table does no harm, two do', async () => {
  for (const [first, second] of [
    [64, 128],
    [192, 256],
  ] as const) {
    await rewrite('half.vhdx', () => {});
    await shop.patch('half.vhdx', first * KiB + 100, Buffer.from('damage'));
    assert.equal((await shop.probe('half.vhdx')).capacity, 6 * 1024 * KiB);
    await shop.patch('half.vhdx', second * KiB + 100, Buffer.from('damage'));
    await assert.rejects(shop.probe('half.vhdx'), withCode('image-malformed'));
  }
});

test('impossible numbers in a VHDX are refused', async () => {
  for (const [name, change, code] of [
    ['size 0', ({ item }) => item('size').writeBigUInt64LE(0n), 'image-malformed'],
    ['size 2^60', ({ item }) => item('size').writeBigUInt64LE(2n ** 60n), 'image-too-large'],
    ['size 60 TiB', ({ item }) => item('size').writeBigUInt64LE(60n * 2n ** 40n), 'image-malformed'],
    ['block of 3', ({ item }) => item('parameters').writeUInt32LE(3), 'image-malformed'],
    ['sectors of 1', ({ item }) => item('logicalSector').writeUInt32LE(1), 'image-malformed'],
    ['no metadata', ({ metadata }) => metadata.fill(0, 0, 8), 'image-malformed'],
    ['a required unknown item', ({ metadata }) => metadata.fill(3, 32, 48), 'image-unsupported'],
    ['version 9', ({ headers }) => headers.map((header) => header.writeUInt16LE(9, 66)), 'image-unsupported'],
    ['60000 regions', ({ regionTables }) => regionTables.map((table) => table.writeUInt32LE(60_000, 8)), 'image-malformed'],
  ] as readonly (readonly [string, (parts: Parts) => void, string])[]) {
    await rewrite('bad.vhdx', change);
    await assert.rejects(shop.probe('bad.vhdx'), withCode(code), name);
  }
});
