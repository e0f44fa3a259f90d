/** Sources that are read from one end to the other: read twice on request, resumed, and what is said of the bytes that were moved. */
import assert from 'node:assert/strict';
import { access, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ImageSource, TransferJob, TransferResult } from '../../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../../src/transfer/local-copier.ts';
import { clock, copy, fails, jobTo, layerOf, MiB, noise, rawDisk, run, type Scratch, scratch } from '../fixture.ts';
import { buildVmdk } from '../sparse-vmdk.ts';
import { CONTENT, type Exporter, exporter, GRAIN, NUMBERS, SOURCE, VMDK } from '../transports/lease/exporter.ts';

/** The same disk with another content of one grain: nothing in the stream itself tells. */
function withOther(number: number, content: string): Buffer {
  const grains = new Map(NUMBERS.map((each) => [each, noise(each === number ? content : `grain ${each}`, GRAIN)]));
  return buildVmdk({ capacity: 128 * 128, grains, stream: true }).image;
}

/** Each export is answered by the next of these, the last one again and again. */
async function exports(
  ...answers: readonly (Buffer | ((response: ServerResponse) => void))[]
): Promise<Exporter & { count: number }> {
  const state = { count: 0 };
  const server = await exporter((_, response) => {
    const answer = answers[Math.min(state.count, answers.length - 1)] ?? VMDK.image;
    state.count += 1;
    if (typeof answer === 'function') answer(response);
    else response.end(answer);
  });
  return Object.assign(server, {
    get count() {
      return state.count;
    },
  });
}

/** Of a snapshot, so that what an earlier run did is known to be of the same state. */
function leaseJob(place: Scratch, more: Partial<TransferJob> = {}): TransferJob {
  const of = { type: 'VirtualMachineSnapshot', id: 'snapshot-1' } as const;
  return jobTo(place.path('out.raw'), { ...SOURCE, of }, more);
}

async function assertContent(place: Scratch): Promise<void> {
  assert.ok((await readFile(place.path('out.raw'))).equals(CONTENT));
}

const RECHECK = { recheckSource: true } as const;

test('an export is read once more on request', async () => {
  await using place = await scratch();
  await using server = await exports(VMDK.image);
  const result = await copy(leaseJob(place, RECHECK), server);
  assert.equal(server.told.filter((word) => word === 'complete').length, 2);
  assert.equal(result.repaired, undefined);
  assert.equal(result.moved, NUMBERS.length * GRAIN);
  await assertContent(place);
});

test('what the first export got wrong is corrected, and the report says so', async () => {
  await using place = await scratch();
  await using server = await exports(withOther(40, 'wrong'), VMDK.image);
  const result = await copy(leaseJob(place, RECHECK), server);
  assert.deepEqual(result.repaired, { target: 0, source: 1 });
  await assertContent(place);
  // Without the second reading nobody would know.
  await using once = await exports(withOther(40, 'wrong'));
  await using other = await scratch();
  await copy(leaseJob(other), once);
  assert.ok(!(await readFile(other.path('out.raw'))).equals(CONTENT));
});

test('what only the second export got wrong is left as it was', async () => {
  await using place = await scratch();
  await using server = await exports(VMDK.image, withOther(63, 'wrong'), VMDK.image);
  const result = await copy(leaseJob(place, RECHECK), server);
  assert.equal(result.repaired, undefined);
  await assertContent(place);
});

test('a server that exports other bytes each time is an error', async () => {
  await using place = await scratch();
  await using server = await exports(withOther(17, 'one'), withOther(17, 'two'), withOther(17, 'three'));
  await fails(copy(leaseJob(place, RECHECK), server), 'source-read-failed', /other bytes each time/);
  await assert.rejects(access(place.path('out.raw')));
});

/** Images that are read as a whole, and the one that is not. */
const IMAGES: Readonly<Record<string, (place: Scratch) => Promise<ImageSource['layers'][0]>>> = {
  'a streamOptimized VMDK': async (place) => {
    const argv = ['-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', place.path('disk.raw'), place.path('disk.vmdk')];
    await run('qemu-img', 'convert', ...argv);
    return await layerOf(place.path('disk.vmdk'), 'vmdk');
  },
  'a compressed image': async (place) => {
    await writeFile(place.path('disk.gz'), gzipSync(await readFile(place.path('disk.raw')), { level: 1 }));
    return await layerOf(place.path('disk.gz'), 'raw', { gzip: { inflated: 8 * MiB } });
  },
  'a raw image': (place) => layerOf(place.path('disk.raw'), 'raw'),
};

for (const [name, make] of Object.entries(IMAGES)) {
  test(`${name} is read once more on request`, async () => {
    await using place = await scratch();
    await rawDisk(place.path('disk.raw'), 8 * MiB, [
      { offset: 0, length: 2 * MiB },
      { offset: 5 * MiB + 512, length: MiB },
    ]);
    const source: ImageSource = { kind: 'image', layers: [await make(place)], capacity: 8 * MiB };
    const read = async (file: string, more: Partial<TransferJob>): Promise<{ asked: number; result: TransferResult }> => {
      let asked = 0;
      const bandwidth = {
        take: async (bytes: number): Promise<void> => {
          asked += bytes;
        },
      };
      const options = { signal: new AbortController().signal, onProgress: () => undefined };
      const result = await new LocalDiskCopier({ clock, bandwidth }).copy(jobTo(place.path(file), source, more), options);
      return { asked, result };
    };
    const once = await read('once.raw', {});
    const twice = await read('twice.raw', RECHECK);
    assert.equal(twice.asked, 2 * once.asked);
    assert.equal(twice.result.repaired, undefined);
    assert.equal(twice.result.proof?.root, once.result.proof?.root);
  });
}

/** Everything before the grain that stands last, and then silence. */
const UP_TO_THE_LAST = VMDK.image.subarray(0, VMDK.grainAt.get(100));
const IN_THE_LAST_TWO_BLOCKS = 2 * GRAIN;

for (const [what, code, answer] of [
  ['broke off', 'source-read-failed', (response: ServerResponse) => response.write(UP_TO_THE_LAST, () => response.destroy())],
  ['came with a wrong byte', 'image-malformed', damaged()],
] as const) {
  test(`after an export that ${what} the next run moves the rest, and counts no more`, async () => {
    await using place = await scratch();
    await using server = await exports(answer, VMDK.image);
    await fails(copy(leaseJob(place), server), code);
    const result = await copy(leaseJob(place), server);
    assert.equal(result.moved, IN_THE_LAST_TWO_BLOCKS);
    assert.equal(result.allocated, NUMBERS.length * GRAIN);
    await assertContent(place);
  });
}

function damaged(): Buffer {
  const image = Buffer.from(VMDK.image);
  const at = (VMDK.grainAt.get(100) ?? 0) + 2000;
  image[at] = (image[at] ?? 0) ^ 1;
  return image;
}
