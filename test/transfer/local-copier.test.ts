import assert from 'node:assert/strict';
import { closeSync, openSync, utimesSync, writeSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { CopyOptions } from '../../src/contracts/disk-copier.ts';
import type { DiskSource, TransferProgress } from '../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { BlockHashes } from '../../src/transfer/proof/block-hashes.ts';
import { CELL } from '../../src/transfer/proof/cell-hashes.ts';
import {
  assertSameBytes,
  clock,
  copy,
  fails,
  jobTo,
  layerOf,
  leftovers,
  MiB,
  rawDisk,
  run,
  type Scratch,
  scratch,
  smallFileSystem,
} from './fixture.ts';

const SIZE = 24 * MiB;

async function someDisk(place: Scratch): Promise<DiskSource> {
  const raw = place.path('source.raw');
  await rawDisk(raw, SIZE, [
    { offset: 0, length: 3 * MiB },
    { offset: 9 * MiB + 4096, length: 2 * MiB },
  ]);
  return { kind: 'image', layers: [await layerOf(raw, 'raw')], capacity: SIZE };
}

/** Puts a program of our own in front of a real one for as long as it is held. */
async function inFront(place: Scratch, name: string, script: string): Promise<Disposable> {
  const folder = place.path('bin');
  await mkdir(folder, { recursive: true });
  const before = process.env['PATH'] ?? '';
  const real = (await run('sh', '-c', `command -v ${name}`)).trim();
  await writeFile(path.join(folder, name), `#!/bin/sh\nREAL=${real}\n${script}\n`);
  await chmod(path.join(folder, name), 0o755);
  process.env['PATH'] = `${folder}:${before}`;
  return {
    [Symbol.dispose]: () => {
      process.env['PATH'] = before;
    },
  };
}

test('a disk is copied, proven, private, sparse and complete', async () => {
  await using place = await scratch();
  const target = place.path('disk.raw');
  const seen: TransferProgress[] = [];
  const result = await copy(jobTo(target, await someDisk(place)), { onProgress: (progress) => seen.push(progress) });
  await assertSameBytes(target, place.path('source.raw'));
  const { mode, blocks } = await stat(target);
  assert.equal(mode & 0o777, 0o600);
  assert.ok(blocks * 512 < 6 * MiB, 'holes stay holes');
  assert.equal(result.moved, result.allocated);
  assert.equal(result.proof?.size, SIZE);
  assert.deepEqual([...new Set(seen.map(({ stage }) => stage))], ['copy', 'prove']);
  for (const stage of ['copy', 'prove']) {
    const last = seen.findLast((progress) => progress.stage === stage);
    assert.equal(last?.done, last?.total, `${stage} ends complete`);
  }
  assert.deepEqual((await readdir(place.folder)).toSorted(), ['disk.raw', 'source.raw']);
  assert.deepEqual(await leftovers(), []);
});

test('the root of the proof can be computed by anybody from the finished file', async () => {
  await using place = await scratch();
  const target = place.path('disk.raw');
  const { proof } = await copy(jobTo(target, await someDisk(place)));
  const bytes = await readFile(target);
  const { createHash } = await import('node:crypto');
  const root = createHash('sha256');
  const sha256 = (of: Uint8Array): Buffer => createHash('sha256').update(of).digest();
  for (let at = 0; at < bytes.length; at += MiB) {
    const block = bytes.subarray(at, at + MiB);
    const cells = Array.from({ length: Math.ceil(block.length / CELL) }, (_, cell) =>
      sha256(block.subarray(cell * CELL, (cell + 1) * CELL)),
    );
    root.update(sha256(Buffer.concat(cells)));
  }
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(bytes.length));
  assert.equal(proof?.root, root.update(size).digest('hex'));
  assert.equal(proof.blockSize, CELL);
});

test('without proof the disk is the same and the result has none', async () => {
  await using place = await scratch();
  const target = place.path('disk.raw');
  const result = await copy(jobTo(target, await someDisk(place), { verify: false }));
  await assertSameBytes(target, place.path('source.raw'));
  assert.equal(result.proof, undefined);
});

test('a blank disk becomes a hole of its size with the proof of zeros', async () => {
  await using place = await scratch();
  const target = place.path('blank.raw');
  const result = await copy(jobTo(target, { kind: 'blank', capacity: 5 * MiB + 512 }));
  const { size, blocks } = await stat(target);
  assert.deepEqual([size, blocks], [5 * MiB + 512, 0]);
  assert.equal(result.proof?.root, new BlockHashes(5 * MiB + 512).root());
});

/** Called at the end of each copy stage, before the proof begins: does something to a file as another program would. */
function afterCopying(act: () => void): Partial<CopyOptions> {
  const onProgress = ({ stage, done, total }: TransferProgress): void => {
    if (stage === 'copy' && done === total) act();
  };
  return { onProgress };
}

function flip(file: string, offset: number): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, 'X', offset);
  closeSync(fd);
}

for (const [where, offset] of [
  ['among the data', 10 * MiB],
  ['where the source is empty', SIZE - 1],
] as const) {
  test(`a wrong byte on the target ${where} is found out and repaired from the source`, async () => {
    await using place = await scratch();
    const target = place.path('disk.raw');
    let flips = 0;
    const options = afterCopying(() => {
      flips += 1;
      if (flips === 1) flip(`${target}.partial`, offset);
    });
    const { proof } = await copy(jobTo(target, await someDisk(place)), options);
    assert.ok(flips > 1, 'there was a second copy stage');
    await assertSameBytes(target, place.path('source.raw'));
    assert.equal(proof?.size, SIZE);
  });
}

test('a target that spoils the same byte again fails the proof, and the next run goes on with what is right', async () => {
  await using place = await scratch();
  const target = place.path('disk.raw');
  const job = jobTo(target, await someDisk(place));
  const options = afterCopying(() => flip(`${target}.partial`, 10 * MiB));
  const error = await fails(copy(job, options), 'proof-mismatch', /block 10\b/);
  assert.equal(error.place.vm, 'web');
  assert.deepEqual((await readdir(place.folder)).toSorted(), ['disk.raw.journal', 'disk.raw.partial', 'source.raw']);
  const { moved } = await copy(job);
  assert.ok(moved <= MiB, 'only the spoiled block is read again');
  await assertSameBytes(target, place.path('source.raw'));
  assert.deepEqual((await readdir(place.folder)).toSorted(), ['disk.raw', 'source.raw']);
});

test('a source that changes while it is copied fails the transfer and leaves nothing', async () => {
  await using place = await scratch();
  const target = place.path('disk.raw');
  const job = jobTo(target, await someDisk(place));
  await fails(
    copy(
      job,
      afterCopying(() => utimesSync(place.path('source.raw'), 1, 1)),
    ),
    'source-changed',
  );
  assert.deepEqual(await readdir(place.folder), ['source.raw']);
});

test('a target that fills up while writing is reported, and the next run finishes it when there is room', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 3 * MiB);
  const job = jobTo(small.path('disk.raw'), await someDisk(place));
  await fails(copy(job), 'target-full');
  assert.ok(!(await readdir(small.folder)).includes('disk.raw'));
  await run('mount', '-o', `remount,size=${8 * MiB}`, small.folder);
  await copy(job);
  await assertSameBytes(small.path('disk.raw'), place.path('source.raw'));
  assert.deepEqual(await readdir(small.folder), ['disk.raw']);
  assert.deepEqual(await leftovers(), []);
});

test('a missing program is named with its package', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  const before = process.env['PATH'];
  process.env['PATH'] = place.folder;
  try {
    const error = await fails(copy(job), 'tool-missing');
    assert.match(error.hint, /qemu-utils/);
  } finally {
    process.env['PATH'] = before;
  }
});

test('aborting ends the transfer within a second and leaves nothing, however long qemu-nbd would take', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  using _ = await inFront(place, 'qemu-nbd', `echo $$ > '${place.path('pid')}'\nexec sleep 60`);
  const abort = new AbortController();
  let aborted = 0;
  const timer = setInterval(async () => {
    // It is there before it is written.
    const pid = await readFile(place.path('pid'), 'utf8').catch(() => '');
    if (aborted > 0 || pid === '') return;
    aborted = performance.now();
    abort.abort();
  }, 20);
  await fails(copy(job, { signal: abort.signal }), 'canceled').finally(() => clearInterval(timer));
  assert.ok(performance.now() - aborted < 1000);
  const pid = Number(await readFile(place.path('pid'), 'utf8'));
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  assert.deepEqual((await readdir(place.folder)).toSorted(), ['bin', 'pid', 'source.raw']);
  assert.deepEqual(await leftovers(), []);
});

test('aborting while the target is read back is a cancellation, and the next run copies nothing again', async () => {
  await using place = await scratch();
  const abort = new AbortController();
  const onProgress = ({ stage }: TransferProgress): void => {
    if (stage === 'prove') abort.abort();
  };
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  await fails(copy(job, { signal: abort.signal, onProgress }), 'canceled');
  assert.ok(!(await readdir(place.folder)).includes('disk.raw'));
  assert.equal((await copy(job)).moved, 0);
  await assertSameBytes(place.path('disk.raw'), place.path('source.raw'));
});

test('a source file that is gone is an error that names it', async () => {
  await using place = await scratch();
  const source = await someDisk(place);
  await rm(place.path('source.raw'));
  const error = await fails(copy(jobTo(place.path('disk.raw'), source)), 'source-read-failed');
  assert.equal(error.place.file, place.path('source.raw'));
});

test('a job that was aborted beforehand touches nothing', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  await fails(copy(job, { signal: AbortSignal.abort() }), 'canceled');
  assert.deepEqual(await readdir(place.folder), ['source.raw']);
});

test('a finished disk of an earlier run is kept without reading it again', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  const first = await copy(job);
  const { mtimeNs } = await stat(place.path('disk.raw'), { bigint: true });
  const second = await copy(job, { earlier: new Map([[job.id, first]]) });
  assert.deepEqual({ ...second, seconds: 0 }, { ...first, moved: 0, seconds: 0 });
  assert.equal((await stat(place.path('disk.raw'), { bigint: true })).mtimeNs, mtimeNs);
});

test('a finished disk that was restored from elsewhere is proven again by its content', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  const first = await copy(job);
  await run('sh', '-c', `cd '${place.folder}' && cp disk.raw copy && mv copy disk.raw`);
  const second = await copy(job, { earlier: new Map([[job.id, first]]) });
  assert.equal(second.moved, 0);
  assert.notEqual(second.target?.inode, first.target?.inode);
});

test('a finished disk that was changed from outside is neither trusted nor overwritten', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  const first = await copy(job);
  await run('sh', '-c', `printf X | dd of='${place.path('disk.raw')}' bs=1 seek=5 conv=notrunc status=none`);
  await fails(copy(job, { earlier: new Map([[job.id, first]]) }), 'target-changed');
  assert.equal((await readFile(place.path('disk.raw'))).toString('latin1', 5, 6), 'X');
});

test('a finished disk that is gone, or was never proven where proof is wanted, is copied again', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  const unproven = await copy({ ...job, verify: false });
  assert.ok((await copy(job, { earlier: new Map([[job.id, unproven]]) })).moved > 0);
  const proven = await copy(job);
  await rm(place.path('disk.raw'));
  assert.ok((await copy(job, { earlier: new Map([[job.id, proven]]) })).moved > 0);
});

test('a half file without its journal is never taken up', async () => {
  await using place = await scratch();
  const job = jobTo(place.path('disk.raw'), await someDisk(place));
  await writeFile(place.path('disk.raw.partial'), 'rubbish that reaches into a hole'.repeat(400_000));
  await copy(job);
  await assertSameBytes(place.path('disk.raw'), place.path('source.raw'));
});

test('two disks with one target are refused, in the preflight and while one of them runs', async () => {
  await using place = await scratch();
  const copier = new LocalDiskCopier({ clock });
  const signal = new AbortController().signal;
  const source = await someDisk(place);
  const a = jobTo(place.path('disk.raw'), source);
  const b = jobTo(`${place.folder}/./disk.raw`, source, { id: 'db/scsi0:0' });
  await fails(copier.preflight([a, b], signal), 'target-occupied');
  const outcomes = await Promise.allSettled([a, b].map((job) => copier.copy(job, { signal, onProgress: () => undefined })));
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await assertSameBytes(place.path('disk.raw'), place.path('source.raw'));
});

test('an image larger than its disk is refused, a shorter raw one too, and nothing is left', async () => {
  await using place = await scratch();
  const source = await someDisk(place);
  await fails(copy(jobTo(place.path('disk.raw'), { ...source, capacity: SIZE - 512 })), 'capacity-smaller-than-image');
  await fails(copy(jobTo(place.path('disk.raw'), { ...source, capacity: SIZE + 512 })), 'image-truncated');
  assert.deepEqual(await readdir(place.folder), ['source.raw']);
});
