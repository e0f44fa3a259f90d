/** What every writer promises, for each kind of target on its real thing: a file, and a loop device. */
import assert from 'node:assert/strict';
import { write } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openBlockDevice } from '../../../src/transfer/writers/block-device.ts';
import { openRawFile } from '../../../src/transfer/writers/raw-file.ts';
import type { OpenedWriter } from '../../../src/transfer/writers/writer.ts';
import { loopDevice } from '../../peers/loop-device.ts';
import { fails, MiB, noise, type Scratch, scratch } from '../fixture.ts';

const signal = new AbortController().signal;
/** More than a run that is worth a program; no whole number of MiB. */
const SIZE = 40 * MiB + 5 * 512;

interface Place extends AsyncDisposable {
  /** @param keep go on with what earlier runs wrote */
  open(keep: boolean, stop?: AbortSignal): Promise<OpenedWriter>;
  /** What a guest would see of the published disk. */
  content(): Promise<Buffer>;
}

const KINDS: Readonly<Record<string, (folder: Scratch, size: number) => Promise<Place>>> = {
  'raw file': async (folder, size) => ({
    open: (keep, stop = signal) => openRawFile(folder.path('disk.raw'), size, { keep, signal: stop }),
    content: () => readFile(folder.path('disk.raw')),
    [Symbol.asyncDispose]: async () => undefined,
  }),
  'block device': async (folder, size) => {
    const backing = folder.path('backing');
    // Somebody's old data, on a device that is larger than the disk.
    await writeFile(backing, noise('old', Math.ceil(size / MiB) * MiB + MiB));
    const device = await loopDevice(backing);
    return {
      open: (keep, stop = signal) => openBlockDevice(device.path, size, { blanked: keep, signal: stop }),
      content: async () => {
        const bytes = await readFile(device.path);
        assert.ok(
          bytes.subarray(size).every((byte) => byte === 0),
          'behind the disk are zeros',
        );
        return bytes.subarray(0, size);
      },
      [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
    };
  },
};

for (const [kind, make] of Object.entries(KINDS)) {
  test(`a ${kind} holds what was written, and zeros elsewhere`, async () => {
    await using folder = await scratch();
    await using place = await make(folder, SIZE);
    await using writer = await place.open(false);
    assert.deepEqual([writer.blank, writer.resumed], [true, false]);
    const expected = Buffer.alloc(SIZE);
    for (const [offset, length] of [
      [0, 4096],
      [7 * MiB + 3, 777],
      [SIZE - 1000, 1000],
    ] as const) {
      const bytes = noise(`${offset}`, length);
      bytes.copy(expected, offset);
      await writer.write(offset, bytes);
      const back = Buffer.alloc(length);
      await writer.read(offset, back);
      assert.ok(back.equals(bytes));
    }
    await promisify(write)(writer.fd, noise('thread', 512), 0, 512, MiB);
    noise('thread', 512).copy(expected, MiB);
    await writer.sync();
    await writer.publish(SIZE);
    assert.ok((await place.content()).equals(expected));
  });

  test(`a ${kind} is zeroed in short and long runs that begin and end anywhere`, async () => {
    await using folder = await scratch();
    await using place = await make(folder, SIZE);
    await using writer = await place.open(false);
    const expected = noise('full', SIZE);
    await writer.write(0, expected);
    for (const [offset, length] of [
      [5, 3 * MiB],
      [4 * MiB - 1, 18 * MiB + 9],
      [30 * MiB, 0],
      [SIZE - MiB - 1, MiB + 1],
    ] as const) {
      await writer.zero(offset, length);
      expected.fill(0, offset, offset + length);
    }
    await writer.publish(SIZE);
    assert.ok((await place.content()).equals(expected));
  });

  test(`a ${kind} is zeroed by writing where no program helps`, async () => {
    await using folder = await scratch();
    await using place = await make(folder, SIZE);
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await using writer = await place.open(false);
      await writer.write(0, noise('full', SIZE));
      await writer.zero(1, SIZE - 2);
      const expected = noise('full', SIZE).fill(0, 1, SIZE - 1);
      await writer.publish(SIZE);
      process.env['PATH'] = path;
      assert.ok((await place.content()).equals(expected));
    } finally {
      process.env['PATH'] = path;
    }
  });

  test(`a ${kind} of an odd size ends where the disk ends`, async () => {
    await using folder = await scratch();
    const size = MiB + 77;
    await using place = await make(folder, size);
    await using writer = await place.open(false);
    // Whole sectors, as programs write them.
    await writer.write(MiB, noise('last', 512));
    await writer.publish(size);
    assert.ok((await place.content()).subarray(MiB).equals(noise('last', 512).subarray(0, 77)));
  });

  test(`a ${kind} goes on where an earlier run was, or begins anew`, async () => {
    await using folder = await scratch();
    await using place = await make(folder, SIZE);
    {
      await using writer = await place.open(false);
      await writer.write(MiB, noise('one', MiB));
      await writer.sync();
    }
    {
      await using writer = await place.open(true);
      assert.deepEqual([writer.blank, writer.resumed], [true, true]);
      const back = Buffer.alloc(MiB);
      await writer.read(MiB, back);
      assert.ok(back.equals(noise('one', MiB)));
    }
    await using writer = await place.open(false);
    assert.equal(writer.resumed, false);
    await writer.publish(SIZE);
    assert.ok((await place.content()).equals(Buffer.alloc(SIZE)));
  });

  test(`a ${kind} has no bytes outside of its size`, async () => {
    await using folder = await scratch();
    await using place = await make(folder, SIZE);
    await using writer = await place.open(false);
    await assert.rejects(writer.write(writer.size - 1, Buffer.alloc(2)), RangeError);
    await assert.rejects(writer.write(-1, Buffer.alloc(2)), RangeError);
    await assert.rejects(writer.zero(0, writer.size + 1), RangeError);
    await assert.rejects(writer.read(writer.size, Buffer.alloc(1)), RangeError);
  });

  test(`zeroing a ${kind} stops when it is canceled`, async () => {
    await using folder = await scratch();
    await using place = await make(folder, SIZE);
    const stop = new AbortController();
    await using writer = await place.open(false, stop.signal);
    stop.abort();
    await fails(writer.zero(1, MiB), 'canceled');
    await fails(writer.zero(1, 20 * MiB), 'canceled');
  });
}
