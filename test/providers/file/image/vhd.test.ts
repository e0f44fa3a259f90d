import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checksum } from '../../../../providers/file/image/vhd.ts';
import { sampleDisk, type Workshop, withCode, workshop } from './workshop.ts';

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.write('disk.raw', sampleDisk());
  await shop.qemu('convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on', 'disk.raw', 'base.vhd');
});
after(() => shop[Symbol.asyncDispose]());

/** Changes both footers and the header of a dynamic VHD, with right checksums. */
async function rewrite(to: string, change: (parts: { footer: Buffer; header: Buffer; image: Buffer }) => void): Promise<void> {
  const image = await shop.read('base.vhd');
  const footer = image.subarray(0, 512);
  const header = image.subarray(512, 1536);
  change({ footer, header, image });
  footer.writeUInt32BE(checksum(footer, 64), 64);
  header.writeUInt32BE(checksum(header, 36), 36);
  footer.copy(image, image.length - 512);
  await shop.write(to, image);
}

/** A child of base.vhd as Hyper-V writes it: the parent's relative path in a locator, its name in the header. */
async function makeChild(to: string, relativePath: string, parentUuid: Buffer): Promise<void> {
  await rewrite(to, ({ footer, header, image }) => {
    footer.writeUInt32BE(4, 60);
    footer.fill(7, 68, 84);
    parentUuid.copy(header, 40);
    Buffer.from('base.vhd', 'utf16le').swap16().copy(header, 64);
    const text = Buffer.from(relativePath, 'utf16le');
    const at = image.length - 1024;
    header.write('W2ru', 576, 'latin1');
    header.writeUInt32BE(text.length, 584);
    header.writeBigUInt64BE(BigInt(at), 592);
    text.copy(image, at);
  });
}

async function parentUuid(): Promise<Buffer> {
  return (await shop.read('base.vhd')).subarray(68, 84);
}

test('a differencing VHD comes with its parent', async () => {
  await makeChild('child.avhd', '.\\base.vhd', await parentUuid());
  const probed = await shop.probe('child.avhd');
  assert.deepEqual(probed.format, { container: 'vhd', variant: 'differencing' });
  assert.deepEqual(probed.parents, ['base.vhd']);
  assert.equal(probed.layers.length, 2);
  assert.equal(probed.unreadable, undefined);
});

test('a differencing VHD without its parent, or with another parent of that name, is refused', async () => {
  await makeChild('other.avhd', '.\\base.vhd', Buffer.alloc(16, 1));
  await assert.rejects(shop.probe('other.avhd'), withCode('image-malformed'));
  await makeChild('up.avhd', '..\\base.vhd', await parentUuid());
  await assert.rejects(shop.probe('up.avhd'), withCode('image-extent-unsafe'));
  await makeChild('lost.avhd', '.\\gone.vhd', await parentUuid());
  assert.deepEqual((await shop.probe('lost.avhd')).parents, ['base.vhd'], 'the name in the header is tried too');
});

test('the size is the current size of the footer, not the geometry', async () => {
  const info = await shop.info('base.vhd');
  await rewrite('grown.vhd', ({ footer }) => {
    footer.write('vbox', 28, 'latin1');
    footer.writeUInt32BE(0x0010_0411, 56);
  });
  assert.equal((await shop.probe('grown.vhd')).capacity, info['virtual-size']);
});

test('a damaged VHD is told by its checksums', async () => {
  for (const [at, code] of [
    [40, 'image-malformed'],
    [512 + 40, 'image-malformed'],
  ] as const) {
    const image = await shop.read('base.vhd');
    image[at] = 0x55;
    image.copy(image, image.length - 512, 0, 512);
    await shop.write('bad.vhd', image);
    await assert.rejects(shop.probe('bad.vhd'), withCode(code), `byte ${at}`);
  }
});

test('impossible numbers in a VHD are refused', async () => {
  for (const [name, change, code] of [
    ['size 0', ({ footer }) => footer.writeBigUInt64BE(0n, 48), 'image-malformed'],
    ['size 2^60', ({ footer }) => footer.writeBigUInt64BE(2n ** 60n, 48), 'image-too-large'],
    ['type 9', ({ footer }) => footer.writeUInt32BE(9, 60), 'image-unsupported'],
    ['header at 2^60', ({ footer }) => footer.writeBigUInt64BE(2n ** 60n, 16), 'image-truncated'],
    ['block of 3', ({ header }) => header.writeUInt32BE(3, 32), 'image-malformed'],
    ['table of 0', ({ header }) => header.writeUInt32BE(0, 28), 'image-malformed'],
    ['table at 2^60', ({ header }) => header.writeBigUInt64BE(2n ** 60n, 16), 'image-truncated'],
  ] as readonly (readonly [string, Parameters<typeof rewrite>[1], string])[]) {
    await rewrite('bad.vhd', change);
    await assert.rejects(shop.probe('bad.vhd'), withCode(code), name);
  }
});
