import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Workshop, withCode, workshop } from './workshop.ts';

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.qemu('create', '-q', '-f', 'vdi', 'disk.vdi', '4M');
});
after(() => shop[Symbol.asyncDispose]());

async function patched(offset: number, value: number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  await shop.write('bad.vdi', await shop.read('disk.vdi'));
  await shop.patch('bad.vdi', offset, bytes);
  return await shop.probe('bad.vdi');
}

test('a differencing VDI is described and cannot be read: its parent has no name', async () => {
  const probed = await patched(440, 0x1234_5678);
  assert.deepEqual(probed.format, { container: 'vdi', variant: 'differencing' });
  assert.equal(probed.unreadable?.code, 'image-unsupported');
  assert.deepEqual(probed.extras, [{ path: 'image/parentUuid', value: '12345678-0000-0000-0000-000000000000' }]);
});

test('impossible numbers in a VDI header are refused', async () => {
  for (const [name, offset, value, code] of [
    ['version', 68, 7, 'image-unsupported'],
    ['type', 76, 9, 'image-unsupported'],
    ['sector size', 360, 4096, 'image-unsupported'],
    ['size', 372, 0x1000_0000, 'image-too-large'],
    ['block size', 376, 3, 'image-unsupported'],
    ['blocks', 384, 1, 'image-malformed'],
    ['map offset', 340, 0xffff_0000, 'image-truncated'],
  ] as const) {
    await assert.rejects(patched(offset, value), withCode(code), name);
  }
});
