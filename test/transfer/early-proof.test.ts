import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockWorkers } from '../../src/transfer/blocks/workers.ts';
import { EarlyProof } from '../../src/transfer/early-proof.ts';
import { openJobTarget } from '../../src/transfer/job-target.ts';
import { blockHash, hashCells } from '../../src/transfer/proof/cell-hashes.ts';
import type { Run } from '../../src/transfer/ways/way.ts';
import { jobTo, MiB, noise, scratch } from './fixture.ts';

test('what was committed is proven, unless the target has something else', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), { kind: 'blank', capacity: 4 * MiB }, { staysOpen: true });
  const { signal } = new AbortController();
  await using target = await openJobTarget(job, { path: place.path('disk.raw'), passId: 'pass', signal });
  const { writer, journal } = target;
  const write = async (index: number, text: string): Promise<void> => {
    const block = noise(text, MiB);
    await journal.intend(index, index + 1);
    await writer.write(index * MiB, block);
    journal.add([{ index, digest: blockHash(hashCells(block)) }]);
  };
  await write(0, 'one');
  await write(1, 'two');
  await writer.write(MiB + 77, Buffer.from('harmed'));
  await journal.commit(() => writer.sync());
  await write(2, 'three, which is not committed');
  const workers = new BlockWorkers();
  await using _ = workers.lease();
  const run = { job, workers, options: { signal, onProgress: () => undefined } } as unknown as Run;
  const early = new EarlyProof(run, target);
  early.due();
  await early.settle();
  assert.deepEqual(
    [0, 1, 2, 3].map((block) => journal.isProven(block)),
    [true, false, false, false],
  );
  await write(0, 'four');
  await journal.commit(() => writer.sync());
  assert.equal(journal.isProven(0), false, 'it was touched again');
});
