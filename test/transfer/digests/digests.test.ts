/** Images whose files a manifest promises something about, by every way that an image can go. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Bandwidth } from '../../../src/contracts/bandwidth.ts';
import type { FileDigest, ImageLayer, ImageSource } from '../../../src/model/transfer.ts';
import { DigestCheck } from '../../../src/transfer/digests/digest-check.ts';
import { HashThread } from '../../../src/transfer/digests/hash-thread.ts';
import { UNLIMITED } from '../../../src/transfer/limits/bandwidth.ts';
import { LocalDiskCopier } from '../../../src/transfer/local-copier.ts';
import { assertSameDisk, clock, copy, fails, jobTo, layerOf, MiB, rawDisk, run, type Scratch, scratch } from '../fixture.ts';

const SIZE = 24 * MiB;
const ALGORITHMS = ['SHA1', 'SHA256', 'SHA512'] as const;

/** One disk in a form that goes each way: its layer and the number of a byte that only that way's own checks would let pass. */
const WAYS: Readonly<Record<string, (place: Scratch) => Promise<ImageLayer>>> = {
  raw: (place) => layerOf(place.path('disk.raw'), 'raw'),
  decoder: (place) => converted(place, 'vmdk', 'subformat=streamOptimized'),
  'qemu-nbd': (place) => converted(place, 'qcow2', 'cluster_size=64k'),
  gzip: async (place) => {
    await writeFile(place.path('disk.gz'), gzipSync(await readFile(place.path('disk.raw')), { level: 1 }));
    return await layerOf(place.path('disk.gz'), 'raw', { gzip: { inflated: SIZE } });
  },
};

async function converted(place: Scratch, format: 'vmdk' | 'qcow2', option: string): Promise<ImageLayer> {
  const file = place.path(`disk.${format}`);
  await run('qemu-img', 'convert', '-f', 'raw', '-O', format, '-o', option, place.path('disk.raw'), file);
  return await layerOf(file, format);
}

async function madeOf(place: Scratch, way: (place: Scratch) => Promise<ImageLayer>): Promise<ImageLayer> {
  await rawDisk(place.path('disk.raw'), SIZE, [
    { offset: 0, length: 3 * MiB },
    { offset: 9 * MiB + 300, length: 5 * MiB },
  ]);
  return await way(place);
}

async function digestOf(layer: ImageLayer, algorithm: FileDigest['algorithm']): Promise<FileDigest> {
  const [slice] = layer.slices;
  assert.ok(slice !== undefined);
  const bytes = (await readFile(slice.path)).subarray(slice.offset, slice.offset + slice.length);
  return { name: 'disk', slice, algorithm, hex: createHash(algorithm).update(bytes).digest('hex') };
}

function imageOf(layer: ImageLayer, ...digests: readonly FileDigest[]): ImageSource {
  return { kind: 'image', layers: [layer], capacity: SIZE, digests };
}

async function flip(file: string, at: number): Promise<void> {
  await using handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`an image that goes by ${name} is held to its digest while it is copied`, async () => {
    await using place = await scratch();
    const layer = await madeOf(place, way);
    for (const algorithm of ALGORITHMS) {
      const digest = await digestOf(layer, algorithm);
      const result = await copy(jobTo(place.path(`${algorithm}.raw`), imageOf(layer, digest)));
      await assertSameDisk(place.path(`${algorithm}.raw`), place.path('disk.raw'), 'raw');
      assert.match(result.transport, new RegExp(`; disk is as the manifest promises \\(${algorithm}\\)$`));
    }
  });

  test(`a wrong byte in an image that goes by ${name} leaves no target, and the message names the file`, async () => {
    await using place = await scratch();
    const layer = await madeOf(place, way);
    const digest = await digestOf(layer, 'SHA256');
    const before = await readdir(place.folder);
    // In the middle of the data, and at the very end, which no way needs to read.
    const { path = '', length = 0 } = layer.slices[0] ?? {};
    for (const at of [Math.floor(length / 3), length - 1]) {
      await flip(path, at);
      const error = await fails(copy(jobTo(place.path('out.raw'), imageOf(layer, digest))), 'package-digest-mismatch', /^disk /);
      assert.deepEqual([error.place.file, error.place.at], [path, 'disk']);
      assert.deepEqual(await readdir(place.folder), before);
      await flip(path, at);
    }
  });
}

test('an image in several files is held to the digest of each', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk.raw'), SIZE, [{ offset: MiB, length: 12 * MiB }]);
  const bytes = await readFile(place.path('disk.raw'));
  const cuts = [0, 5 * MiB + 512, 9 * MiB, SIZE];
  const layers: ImageLayer[] = [];
  for (const [index, from] of cuts.slice(0, -1).entries()) {
    await writeFile(place.path(`chunk${index}`), bytes.subarray(from, cuts[index + 1]));
    layers.push(await layerOf(place.path(`chunk${index}`), 'raw'));
  }
  const digests = await Promise.all(layers.map((layer) => digestOf(layer, 'SHA256')));
  const whole: ImageLayer = { format: 'raw', slices: layers.flatMap(({ slices }) => slices) };
  const { transport } = await copy(jobTo(place.path('out.raw'), imageOf(whole, ...digests)));
  assert.match(transport, /; 3 files are as the manifest promises$/);
  await flip(place.path('chunk2'), MiB);
  const error = await fails(copy(jobTo(place.path('again.raw'), imageOf(whole, ...digests))), 'package-digest-mismatch');
  assert.equal(error.place.file, place.path('chunk2'));
});

test('what follows the image in its archive is no part of its digest', async () => {
  await using place = await scratch();
  const layer = await madeOf(place, WAYS['decoder'] ?? assert.fail());
  const digest = await digestOf(layer, 'SHA512');
  await appendFile(layer.slices[0]?.path ?? '', 'the next member');
  await copy(jobTo(place.path('out.raw'), imageOf(layer, digest)));
});

test('a copy that is canceled stops the hashing, and says that it was canceled', async () => {
  await using place = await scratch();
  const layer = await madeOf(place, WAYS['raw'] ?? assert.fail());
  const digest = await digestOf(layer, 'SHA256');
  const stop = new AbortController();
  const job = jobTo(place.path('out.raw'), imageOf(layer, digest));
  const copying = new LocalDiskCopier({ clock, bandwidth: { take: (_, signal) => never(signal) } }).copy(job, {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await fails(copying, 'canceled');
});

function never(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

test('the hash follows the copy and does not run ahead of it', async () => {
  await using place = await scratch();
  await rawDisk(place.path('big'), 100 * MiB, []);
  const digest = await digestOf(await layerOf(place.path('big'), 'raw'), 'SHA1');
  let asked = 0;
  const check = new DigestCheck([digest], {
    thread: new HashThread(),
    signal: new AbortController().signal,
    pay: async (bytes) => {
      asked += bytes;
    },
  });
  const running = check.run();
  const reaches = async (bytes: number): Promise<void> => {
    while (asked < bytes) await nextTurn();
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
    assert.equal(asked, bytes);
  };
  await reaches(32 * MiB);
  check.follow(0.2);
  await reaches(52 * MiB);
  await check.rest(running);
  assert.equal(asked, 100 * MiB);
});

for (const [name, way] of Object.entries(WAYS)) {
  test(`bandwidth is asked once for each byte of an image that goes by ${name}, also when it is hashed beside`, async () => {
    await using place = await scratch();
    const layer = await madeOf(place, way);
    const stored = layer.slices.reduce((sum, { length }) => sum + length, 0);
    const digest = await digestOf(layer, 'SHA256');
    const asked = { plain: 0, hashed: 0 };
    const counting = (which: keyof typeof asked): Bandwidth => ({
      take: async (bytes, signal) => {
        asked[which] += bytes;
        await UNLIMITED.take(bytes, signal);
      },
    });
    const options = { signal: new AbortController().signal, onProgress: () => undefined };
    await new LocalDiskCopier({ clock, bandwidth: counting('plain') }).copy(
      jobTo(place.path('plain.raw'), { kind: 'image', layers: [layer], capacity: SIZE }),
      options,
    );
    await new LocalDiskCopier({ clock, bandwidth: counting('hashed') }).copy(
      jobTo(place.path('hashed.raw'), imageOf(layer, digest)),
      options,
    );
    assert.ok(asked.plain >= 8 * MiB && asked.plain <= stored + MiB, `${asked.plain} of ${stored}`);
    assert.ok(asked.hashed >= stored && asked.hashed <= stored + MiB, `${asked.hashed} of ${stored}`);
  });
}
