/** Passes over a remote disk that changes meanwhile: nginx hands it out, and a tracker tells what changed since which checkpoint. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { SourceAccess } from '../../src/contracts/source-access.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Extent, RangeSource, TransferJob, TransferProgress, TransferResult } from '../../src/model/transfer.ts';
import { FileHasher } from '../../src/transfer/hash-file.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { seededWords } from '../fakes/seeded.ts';
import { loopDevice } from '../peers/loop-device.ts';
import { type Nginx, startNginx } from '../peers/nginx.ts';
import { changeAt, dataOf, KiB, seededDisk } from './engine/memory-disk.ts';
import { clock, copy, fails, jobTo, MiB, type Scratch, scratch } from './fixture.ts';
import { accessTo, rangeSource, TRACKED } from './transports/range/fixture.ts';

/** Ends inside a sector, as no real disk does. */
const SIZE = 20 * MiB + 777;
const CHILD = fileURLToPath(new URL('./copy-child.ts', import.meta.url));

let place: Scratch;
let nginx: Nginx;

before(async () => {
  place = await scratch();
  nginx = await startNginx({ root: place.folder, directives: `location /slow/ { alias ${place.folder}/; limit_rate 2m; }` });
});

after(async () => {
  await nginx?.[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

/** A disk on the server that can be written on between snapshots. */
class LiveDisk {
  readonly content: Buffer;
  readonly name: string;
  readonly #random: () => number;
  readonly #changed: Extent[] = [];
  #snapshots = 0;
  /** The tracker has lost count. */
  reset = false;

  constructor(name: string, seed: number, size = SIZE) {
    this.#random = seededWords(seed);
    this.content = seededDisk(size, this.#random, 0.5);
    this.name = name;
  }

  /** Writes what is there now to the server, as a snapshot would freeze it. */
  async freeze(folder = ''): Promise<RangeSource> {
    this.#snapshots += 1;
    await writeFile(place.path(this.name), this.content);
    const tracking = { ...TRACKED, snapshot: `snapshot-${this.#snapshots}` };
    await utimes(place.path(this.name), this.#snapshots, this.#snapshots);
    return rangeSource(`${nginx.origin}/${folder}${this.name}`, this.content.length, { tracking });
  }

  write(times: number): void {
    this.#changed.length = 0;
    for (let count = 0; count < times; count += 1) this.#changed.push(changeAt(this.content, this.#random));
  }

  writeAt(offset: number, text: string): void {
    this.#changed.push({ offset, length: this.content.write(text, offset) });
  }

  get access(): SourceAccess {
    const changes: ChangeTracking = {
      enable: async () => ({ tracked: [], untracked: [] }),
      changed: ({ since }) => this.#tell(since === 'allocated'),
    };
    return { ...accessTo({ trust: { ca: nginx.certificate.certificate } }), changes };
  }

  async *#tell(allocated: boolean): AsyncGenerator<Extent> {
    if (allocated) yield* dataOf(this.content);
    else if (this.reset) throw new MigrationError('change-tracking-reset', 'The tracker has lost count.');
    // Neither in order nor apart.
    else yield* this.#changed;
  }
}

const OPEN = { staysOpen: true } as const;
const since = (checkpoint: string): Pick<TransferJob, 'delta'> => ({ delta: { since: checkpoint } });

async function pass(disk: LiveDisk, target: string, more: Partial<TransferJob>): Promise<TransferResult> {
  return await copy(jobTo(target, await disk.freeze(), more), { access: disk.access });
}

test('a disk that changes between passes arrives as it was at the last one, proven as a whole', async () => {
  const disk = new LiveDisk('warm-flat.vmdk', 1);
  const target = place.path('warm.raw');
  const first = await pass(disk, target, OPEN);
  assert.equal(first.proof, undefined);
  assert.ok(!(await readdir(place.folder)).includes('warm.raw'), 'it is not published');
  assert.ok((await readdir(place.folder)).includes('warm.raw.journal.cells'), 'the next pass need not read back');
  disk.write(9);
  const second = await pass(disk, target, { ...OPEN, ...since('1') });
  assert.ok(second.moved < first.moved);
  disk.write(3);
  const last = await pass(disk, target, since('2'));
  assert.ok((await readFile(target)).equals(disk.content));
  assert.deepEqual([first.passes, second.passes, last.passes], [1, 2, 3]);
  assert.equal(last.proof?.size, SIZE);
  const left = (await readdir(place.folder)).filter((name) => name.startsWith('warm.raw'));
  assert.deepEqual(left, ['warm.raw', 'warm.raw.journal'], 'it may have to be opened again');
  await new LocalDiskCopier({ clock }).forget({ disk: 'scsi0:0', target: { kind: 'raw-file', path: target } });
  assert.deepEqual(
    (await readdir(place.folder)).filter((name) => name.startsWith('warm.raw')),
    ['warm.raw'],
  );
});

test('the root of a warm copy that is changed where it is needs the changed cells and nothing else', async () => {
  const disk = new LiveDisk('changed-flat.vmdk', 5);
  disk.content.fill('data everywhere');
  const target = place.path('changed.raw');
  await pass(disk, target, { ...OPEN, keepsHashes: true });
  change(disk, 4 * MiB);
  const { proof } = await pass(disk, target, { ...since('1'), keepsHashes: true });
  const hasher = new FileHasher();
  const [journal, hashes] = [`${target}.journal`, place.path('changed.taken')];
  await hasher.takeHashes(journal, hashes);
  // The first is in a block of the last pass, the last one is what is left of the disk behind its last whole cell.
  const changed = [4 * MiB, 9 * MiB + 128 * KiB, SIZE - 777].map((offset) => ({ offset, length: 64 * KiB }));
  await using opened = await open(target, 'r+');
  for (const { offset } of changed) await opened.write('converted', offset);
  const about = { id: 'web/0', path: target, size: SIZE };
  const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
  const root = await hasher.rootOf(about, quiet);
  const conversion = { before: proof?.root ?? '', hashes, journal, changed };
  assert.deepEqual(await hasher.rootAfter(about, conversion, quiet), { root, read: 2 * 64 * KiB + 777 });
  await hasher.dropHashes(journal);
  const left = (await readdir(place.folder)).filter((name) => name.startsWith('changed.raw'));
  assert.deepEqual(left, ['changed.raw', 'changed.raw.journal'], 'it may have to be opened again');
});

for (const [name, size] of [
  ['sectors of its own', SIZE],
  ['whole pages', 24 * MiB],
] as const) {
  test(`a published disk of ${name} is opened again by a delta, which brings what changed and what others wrote to it`, async () => {
    const disk = new LiveDisk(`back-${size}-flat.vmdk`, 21, size);
    disk.content.fill('data everywhere');
    const target = place.path(`back-${size}.raw`);
    await pass(disk, target, OPEN);
    change(disk, 4 * MiB);
    await pass(disk, target, since('1'));
    // The source goes on: what changed since the first pass is all that its tracker is asked for.
    disk.writeAt(7 * MiB, 'later');
    await copy(jobTo(target, await disk.freeze(), { ...OPEN, ...since('1') }), { access: disk.access }).then(
      ({ moved, passes }) => {
        assert.deepEqual([moved, passes], [128 * KiB, 3]);
      },
    );
    assert.ok(!(await readdir(place.folder)).includes(`back-${size}.raw`), 'it is no finished disk any more');
    disk.write(0);
    const closing = await pass(disk, target, since('2'));
    assert.deepEqual([closing.moved, closing.passes], [0, 4]);
    assert.ok((await readFile(target)).equals(disk.content));
    await using file = await open(target, 'r+');
    await file.write('written by the VM', 11 * MiB + 77);
    await file.write(Buffer.alloc(9), 0, 9, size - 9);
    await file.close();
    const again = await pass(disk, target, { ...OPEN, ...since('2') });
    assert.equal(again.moved, MiB + (size % MiB || MiB), 'the two blocks that were written to');
    await pass(disk, target, since('3'));
    assert.ok((await readFile(target)).equals(disk.content));
  });
}

test('a kill between closing the journal and the final name costs a look, and nothing is believed without it', async () => {
  const disk = new LiveDisk('between-flat.vmdk', 22);
  disk.content.fill('data everywhere');
  const target = place.path('between.raw');
  await pass(disk, target, OPEN);
  disk.write(0);
  await pass(disk, target, since('1'));
  await rename(target, `${target}.partial`);
  await harm(target, 5 * MiB);
  const { moved } = await pass(disk, target, since('1'));
  assert.equal(moved, MiB);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('a pass that was ended is not read again, whatever asks for it', async () => {
  const disk = new LiveDisk('again-flat.vmdk', 2);
  const target = place.path('again.raw');
  const job = jobTo(target, await disk.freeze(), OPEN);
  await copy(job, { access: disk.access });
  assert.equal((await copy(job, { access: disk.access })).moved, 0);
  const { staysOpen: _, ...closing } = job;
  assert.equal((await copy(closing, { access: disk.access })).moved, 0);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('where the tracker has lost count, the whole disk is compared and only differences are written', async () => {
  const disk = new LiveDisk('reset-flat.vmdk', 3);
  const target = place.path('reset.raw');
  await pass(disk, target, OPEN);
  disk.write(4);
  disk.reset = true;
  const { compared, passes } = await pass(disk, target, since('1'));
  assert.equal(compared, 'The tracker has lost count.');
  assert.equal(passes, 2);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('a delta whose target is gone becomes a copy of the whole disk', async () => {
  const disk = new LiveDisk('gone-flat.vmdk', 4);
  const target = place.path('gone.raw');
  await pass(disk, target, OPEN);
  await rm(`${target}.partial`);
  disk.write(2);
  const { passes } = await pass(disk, target, since('1'));
  assert.equal(passes, 1);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('a full copy of another state of the source begins anew', async () => {
  const disk = new LiveDisk('other-flat.vmdk', 5);
  const target = place.path('other.raw');
  await pass(disk, target, OPEN);
  disk.content.fill(0, 3 * MiB, 9 * MiB);
  const { passes } = await pass(disk, target, {});
  assert.equal(passes, 1);
  assert.ok((await readFile(target)).equals(disk.content));
});

/** Writes somewhere else than a pass does: as a disk that goes bad. */
async function harm(target: string, offset: number): Promise<void> {
  await using partial = await open(`${target}.partial`, 'r+');
  await partial.write('flipped', offset);
}

function change(disk: LiveDisk, offset: number): void {
  disk.write(0);
  disk.writeAt(offset, 'changed');
}

test('a target that was harmed between passes is found out by a proof of everything, and repaired', async () => {
  const disk = new LiveDisk('harmed-flat.vmdk', 9);
  disk.content.fill('data everywhere');
  const target = place.path('harmed.raw');
  await pass(disk, target, OPEN);
  await harm(target, 4 * MiB + 900_000);
  await harm(target, 11 * MiB);
  change(disk, 4 * MiB);
  const { repaired, moved } = await pass(disk, target, { ...since('1'), proveAll: true });
  assert.deepEqual(repaired, { target: 2, source: 0 });
  assert.equal(moved, 64 * KiB);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('a block that was harmed between passes is repaired when a pass comes to it that does not know its cells', async () => {
  const disk = new LiveDisk('touched-flat.vmdk', 10);
  disk.content.fill('data everywhere');
  const target = place.path('touched.raw');
  await pass(disk, target, OPEN);
  await harm(target, 4 * MiB + 900_000);
  await rm(`${target}.journal.cells`);
  change(disk, 4 * MiB);
  assert.equal((await pass(disk, target, since('1'))).moved, 64 * KiB);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('what was harmed after it was proven, where no pass comes again, is what a later look at the whole disk finds', async () => {
  const disk = new LiveDisk('later-flat.vmdk', 11);
  disk.content.fill('data everywhere');
  const target = place.path('later.raw');
  await pass(disk, target, OPEN);
  await harm(target, 9 * MiB);
  change(disk, 4 * MiB);
  const job = jobTo(target, await disk.freeze(), since('1'));
  const { target: mark, ...result } = await copy(job, { access: disk.access });
  assert.equal(result.repaired, undefined);
  assert.ok(mark !== undefined && !(await readFile(target)).equals(disk.content));
  const { delta: _, ...cold } = job;
  await fails(copy(cold, { access: disk.access, earlier: new Map([[job.id, result]]) }), 'target-changed');
});

/** Bytes that were read back. */
async function proving(job: TransferJob, access: SourceAccess): Promise<number> {
  let bytes = 0;
  const onProgress = ({ stage, total }: TransferProgress): void => {
    if (stage === 'prove') bytes = total;
  };
  await copy(job, { access, onProgress });
  return bytes;
}

test('each pass reads back what it wrote: the last one no more than what it brought', async () => {
  const disk = new LiveDisk('passes-flat.vmdk', 12);
  disk.content.fill('data everywhere');
  const target = place.path('passes.raw');
  assert.ok((await proving(jobTo(target, await disk.freeze(), OPEN), disk.access)) >= SIZE);
  change(disk, 3 * MiB);
  disk.writeAt(7 * MiB + 300_000, 'again');
  assert.equal(await proving(jobTo(target, await disk.freeze(), { ...OPEN, ...since('1') }), disk.access), 128 * KiB);
  disk.write(0);
  assert.equal(await proving(jobTo(target, await disk.freeze(), { ...OPEN, ...since('2') }), disk.access), 0);
  change(disk, 3 * MiB + 100_000);
  assert.equal(await proving(jobTo(target, await disk.freeze(), since('3')), disk.access), 64 * KiB);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('most of a large delta is read back while the rest of it is on its way', async () => {
  const disk = new LiveDisk('large-flat.vmdk', 23, 80 * MiB);
  const target = place.path('large.raw');
  await pass(disk, target, OPEN);
  disk.write(0);
  for (let offset = 0; offset < disk.content.length; offset += 64 * KiB) disk.writeAt(offset + 9, `changed at ${offset}`);
  const left = await proving(jobTo(target, await disk.freeze(), since('1')), disk.access);
  assert.ok(left < 64 * MiB, `${left} bytes were left to the end`);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('what a pass without proof wrote is proven by the next one with it', async () => {
  const disk = new LiveDisk('unproven-flat.vmdk', 13);
  disk.content.fill('data everywhere');
  const target = place.path('unproven.raw');
  await pass(disk, target, OPEN);
  change(disk, 3 * MiB);
  await pass(disk, target, { ...OPEN, ...since('1'), verify: false });
  await harm(target, 3 * MiB + 500_000);
  change(disk, 5 * MiB);
  const { repaired } = await pass(disk, target, since('2'));
  assert.deepEqual(repaired, { target: 1, source: 0 });
  assert.ok((await readFile(target)).equals(disk.content));
});

test('a wrong byte that the target keeps is repaired by the pass that stays open, and the next one knows', async () => {
  const disk = new LiveDisk('kept-flat.vmdk', 14);
  disk.content.fill('data everywhere');
  const target = place.path('kept.raw');
  let harmed = 0;
  const job = jobTo(target, await disk.freeze(), OPEN);
  const onProgress = ({ stage, done, total }: TransferProgress): void => {
    if (stage !== 'copy' || done < total || harmed > 0) return;
    harmed += 1;
    const file = openSync(`${target}.partial`, 'r+');
    writeSync(file, 'flipped', 6 * MiB);
    closeSync(file);
  };
  const { repaired, passes } = await copy(job, { access: disk.access, onProgress });
  assert.deepEqual([repaired, passes], [{ target: 1, source: 0 }, 1]);
  assert.ok((await readFile(`${target}.partial`)).subarray(0, SIZE).equals(disk.content));
  change(disk, 6 * MiB);
  assert.equal(await proving(jobTo(target, await disk.freeze(), since('1')), disk.access), 64 * KiB);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('changes beyond the disk are an error, and the target stays open for the next delta', async () => {
  const disk = new LiveDisk('beyond-flat.vmdk', 6);
  const target = place.path('beyond.raw');
  await pass(disk, target, OPEN);
  const access: SourceAccess = {
    ...disk.access,
    changes: {
      enable: async () => ({ tracked: [], untracked: [] }),
      async *changed() {
        yield { offset: SIZE + 64 * KiB, length: 64 * KiB };
      },
    },
  };
  const job = jobTo(target, await disk.freeze(), since('1'));
  await fails(copy(job, { access }), 'source-answer-broken');
  disk.write(2);
  assert.equal((await pass(disk, target, since('1'))).passes, 2);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('a remote disk lands on a block device, old data of which is gone, and is trusted by its content later', async () => {
  const disk = new LiveDisk('device-flat.vmdk', 7, 12 * MiB);
  await writeFile(place.path('device.img'), Buffer.alloc(16 * MiB, 'somebody else'));
  await using device = await loopDevice(place.path('device.img'));
  const target = { kind: 'block-device', path: device.path, journal: place.path('device.journal') } as const;
  await pass(disk, '', { ...OPEN, target });
  disk.write(5);
  const job = jobTo('', await disk.freeze(), { ...since('1'), target });
  const result = await copy(job, { access: disk.access });
  const held = await readFile(device.path);
  assert.ok(held.subarray(0, disk.content.length).equals(disk.content));
  assert.ok(held.subarray(disk.content.length).every((byte) => byte === 0));
  assert.equal(result.target, undefined);
  assert.ok((await readdir(place.folder)).includes('device.journal'));
  const { delta: _, ...cold } = job;
  const trusted = await copy(cold, { access: disk.access, earlier: new Map([[job.id, result]]) });
  assert.equal(trusted.moved, 0);
  await using opened = await open(device.path, 'r+');
  await opened.write('written by the VM', 3 * MiB);
  await opened.close();
  disk.write(0);
  const again = await copy(jobTo('', await disk.freeze(), { ...OPEN, ...since('1'), target }), { access: disk.access });
  assert.equal(again.moved, MiB);
  assert.ok((await readFile(device.path)).subarray(0, disk.content.length).equals(disk.content));
  await new LocalDiskCopier({ clock }).forget({ disk: 'scsi0:0', target });
  assert.ok(!(await readdir(place.folder)).includes('device.journal'));
});

test('a copy that was killed by SIGKILL goes on where it was, and reads nothing again that was committed', async () => {
  const disk = new LiveDisk('killed-flat.vmdk', 8, 40 * MiB);
  disk.content.fill('data everywhere');
  const target = place.path('killed.raw');
  const job = jobTo(target, await disk.freeze('slow/'));
  const child = spawn(process.execPath, [CHILD], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, COPY_JOB: JSON.stringify(job), COPY_CA: nginx.certificate.certificate },
  });
  // The journal holds a dozen hashes once there was a commit.
  while (((await stat(`${target}.journal`).catch(() => undefined))?.size ?? 0) < 500) {
    assert.equal(child.exitCode, null, 'it is slow enough to be killed');
    await delay(20);
  }
  child.kill('SIGKILL');
  await once(child, 'close');
  const { moved } = await copy(job, { access: disk.access });
  assert.ok(moved < 36 * MiB, `${moved} bytes were read again`);
  assert.ok((await readFile(target)).equals(disk.content));
});

test('a last pass that was killed reads back all of the blocks that it wrote, and none that was proven before', async () => {
  const disk = new LiveDisk('cut-flat.vmdk', 15, 40 * MiB);
  disk.content.fill('data everywhere');
  const target = place.path('cut.raw');
  await pass(disk, target, OPEN);
  disk.write(0);
  for (let block = 0; block < 16; block += 1) disk.writeAt(block * MiB + 70_000, `changed ${block}`);
  const job = jobTo(target, await disk.freeze(), since('1'));
  const stop = new AbortController();
  const onProgress = ({ stage }: TransferProgress): void => {
    if (stage === 'prove') stop.abort();
  };
  await fails(copy(job, { access: disk.access, signal: stop.signal, onProgress }), 'canceled');
  assert.equal(await proving(job, disk.access), 16 * MiB);
  assert.ok((await readFile(target)).equals(disk.content));
});
