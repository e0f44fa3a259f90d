import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { initramfsModules } from '../../../src/convert/guest/initramfs.ts';

const { signal } = new AbortController();

/** An archive as the kernel reads it, padded as cpio(1) does. */
function archive(files: Readonly<Record<string, Buffer>>): Buffer {
  const entries = Object.entries({ ...files, 'TRAILER!!!': Buffer.alloc(0) }).flatMap(([name, content]) => {
    const numbers = [1, 0o100644, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
    const head = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}${name}\0`;
    return [four(Buffer.from(head)), four(content)];
  });
  const whole = Buffer.concat(entries);
  return Buffer.concat([whole, Buffer.alloc((512 - (whole.length % 512)) % 512)]);
}

function four(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

const MICROCODE = archive({ 'kernel/x86/microcode/AuthenticAMD.bin': randomBytes(200_001) });
const MAIN = archive({
  'usr/lib/modules/6.1/kernel/drivers/block/virtio_blk.ko.xz': randomBytes(70_003),
  'lib/modules/6.1/virtio-pci.ko': Buffer.from('driver'),
  'etc/virtio_net.ko.conf': randomBytes(3),
});

describe('an initial RAM disk', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'initramfs-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function modules(bytes: Buffer): Promise<readonly string[] | undefined> {
    const file = path.join(folder, 'image');
    await writeFile(file, bytes);
    const found = await initramfsModules(file, signal);
    return found === undefined ? undefined : [...found].sort();
  }

  const packings = { gzip: gzipSync(MAIN), zstd: zstdCompressSync(MAIN), nothing: MAIN };
  for (const [packed, main] of Object.entries(packings)) {
    it(`shows its modules behind microcode when packed with ${packed}`, async () => {
      assert.deepEqual(await modules(Buffer.concat([MICROCODE, MICROCODE, main])), ['virtio_blk', 'virtio_pci']);
      assert.deepEqual(await modules(main), ['virtio_blk', 'virtio_pci']);
    });
  }

  it('is unknown when it shows none, is cut off, or is packed otherwise', async () => {
    assert.equal(await modules(MICROCODE), undefined);
    assert.equal(await modules(Buffer.concat([MICROCODE, gzipSync(MAIN).subarray(0, 40_000)])), undefined);
    assert.equal(await modules(Buffer.concat([MICROCODE, Buffer.from('fd377a585a00000000', 'hex')])), undefined);
    assert.equal(await modules(Buffer.alloc(0)), undefined);
  });

  it('is unknown when it is no archive inside, however long', async () => {
    assert.equal(await modules(gzipSync(Buffer.alloc(8 * 1024 ** 2, '070701 '))), undefined);
  });
});
