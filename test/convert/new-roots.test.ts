/** Roots of converted disks, with real copies, overlays and commits; what a converter would write is written by qemu-io. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import type { GuestConverter } from '../../src/contracts/guest-converter.ts';
import { convertGuest } from '../../src/convert/convert-guest.ts';
import { convertDisks } from '../../src/convert/guest/convert.ts';
import type { ConversionRequest, GuestOutcome } from '../../src/model/conversion.ts';
import type { TransferJob } from '../../src/model/transfer.ts';
import { journalOf } from '../../src/model/transfer.ts';
import { FileHasher } from '../../src/transfer/hash-file.ts';
import { copy, jobTo, layerOf, MiB, noise, rawDisk } from '../transfer/fixture.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'new-roots-'));
after(() => rm(folder, { recursive: true }));

const SIZE = 16 * MiB;
const KEYS = ['a', 'b'] as const;
const { signal } = new AbortController();

/** A VM of two disks whose copies are complete; the first one is changed by its conversion. */
async function copied(name: string, more: Partial<TransferJob> = { keepsHashes: true }): Promise<ConversionRequest> {
  const disks = KEYS.map(async (key) => {
    const source = path.join(folder, `${name}-${key}.raw`);
    await rawDisk(source, SIZE, [{ offset: MiB, length: 8 * MiB }]);
    const target = { kind: 'raw-file', path: path.join(folder, `${name}-${key}.img`) } as const;
    const from = { kind: 'image', layers: [await layerOf(source, 'raw')], capacity: SIZE } as const;
    const { proof } = await copy(jobTo(target.path, from, more));
    return { key, path: target.path, proven: SIZE, root: proof?.root ?? '', journal: journalOf(target) };
  });
  return { vm: name, copy: 'first', disks: await Promise.all(disks), firmware: 'bios', nics: [] };
}

/** @param before runs before anything is committed, once */
async function convert(request: ConversionRequest, work: string, before?: () => Promise<void>): Promise<GuestOutcome> {
  const workspace = path.join(folder, work);
  const converter: GuestConverter = {
    inspect: () => assert.fail('nobody looks'),
    convert: async (asked, options) => {
      const commits = async (...changes: Parameters<NonNullable<typeof options.beforeCommit>>): Promise<void> => {
        await options.beforeCommit?.(...changes);
        await before?.();
      };
      return await convertDisks(asked, { ...options, beforeCommit: commits }, async ([first]) => {
        const writes = ['write -P 7 2M 64k', 'write -P 8 12M 100k', 'write -z 5M 1M'].flatMap((write) => ['-c', write]);
        await promisify(execFile)('qemu-io', ['-f', 'qcow2', ...writes, first?.overlay ?? '']);
        return { accelerator: 'tcg', converter: 'played 1', changes: [], warnings: [], seconds: [] };
      });
    },
  };
  return await convertGuest(request, 'convert', { converter, hasher: new FileHasher(), workspace, accelerator: 'tcg', signal });
}

async function rootOf({ vm, disks: [disk] }: ConversionRequest): Promise<string> {
  return await new FileHasher().rootOf({ id: vm, path: disk?.path ?? '', size: SIZE }, { signal, onProgress: () => undefined });
}

/** A disk that is read as a whole gets another root then. */
async function rot({ disks: [disk] }: ConversionRequest): Promise<void> {
  await using file = await open(disk?.path ?? '', 'r+');
  await file.write(Buffer.from([0]), 0, 1, 8 * MiB);
  await file.sync();
}

async function mend({ disks: [disk] }: ConversionRequest): Promise<void> {
  await using file = await open(disk?.path ?? '', 'r+');
  await file.write(noise(`${MiB}`, 8 * MiB), 7 * MiB, 1, 8 * MiB);
}

async function besides(name: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((each) => each.startsWith(name) && !/\.(raw|img)$/.test(each));
}

function isWhole({ warnings }: GuestOutcome): boolean {
  return warnings.some((warning) => /^Disk a was read as a whole for its new hash: no hashes /.test(warning));
}

test('the root of a converted disk is that of all it holds, without reading what the conversion left alone', async () => {
  const request = await copied('web');
  assert.deepEqual(await besides('web'), ['web-a.img.journal.hashes', 'web-b.img.journal.hashes']);
  await rot(request);
  const { disks, warnings } = await convert(request, 'web.work');
  assert.deepEqual(warnings, []);
  await mend(request);
  assert.deepEqual(disks, [{ disk: 'a', changed: MiB + 3 * 65_536, root: await rootOf(request) }]);
  assert.notEqual(disks[0]?.root, request.disks[0]?.root);
  assert.deepEqual(await besides('web-'), [], 'nothing is left beside the disks');
});

test('a conversion that is killed while it commits, or before its root was told, goes on with the hashes that it took', async () => {
  const request = await copied('killed');
  await rot(request);
  const kill = async (): Promise<void> => {
    throw new Error('killed');
  };
  await assert.rejects(convert(request, 'killed.work', kill), /killed/);
  assert.deepEqual(await besides('killed-'), ['killed-b.img.journal.hashes'], 'nobody else finds the hashes of what is changed');
  const told = await convert(request, 'killed.work');
  assert.deepEqual(told.warnings, []);
  const again = await convert(request, 'killed.work');
  await mend(request);
  assert.deepEqual([told.disks[0]?.root, again.disks[0]?.root], Array(2).fill(await rootOf(request)));
});

test('whoever lost what a conversion knew of its disks reads them, and says so', async () => {
  const request = await copied('lost');
  await convert(request, 'lost.work');
  await rm(path.join(folder, 'lost.work'), { recursive: true });
  const again = await convert(request, 'lost.work');
  assert.ok(isWhole(again));
  assert.equal(again.disks[0]?.root, await rootOf(request));
});

test('a disk whose copy kept no hashes, or those of another content, is read as a whole', async () => {
  const [bare, other] = [await copied('bare', {}), await copied('other')];
  const foreign = { ...other, disks: other.disks.map((disk) => ({ ...disk, root: 'of another copy' })) };
  for (const request of [bare, foreign]) {
    const outcome = await convert(request, `${request.vm}.work`);
    assert.ok(isWhole(outcome));
    assert.equal(outcome.disks[0]?.root, await rootOf(request));
  }
});
