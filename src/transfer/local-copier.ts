/**
 * The DiskCopier of one machine: local image files to raw files. This room moves bytes and nothing else: it knows no VM, no
 * cluster and no provider, it is the sole home of p-queue and qemu-img, and it trusts no name found inside an image.
 *
 *   stage → copy (qemu-img | stream | blank) ‖ hash source → seal → hash target → prove → publish
 *
 * The ways of one disk are in copy-image.ts and stream/copy-stream.ts; the target in raw-file.ts; the proof in proof.ts.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../contracts/clock.ts';
import type { CopyOptions, DiskCopier } from '../contracts/disk-copier.ts';
import { MigrationError } from '../model/errors.ts';
import type { DiskProof, DiskSource, TransferJob, TransferResult } from '../model/transfer.ts';
import { type Bytes, roundUp } from '../model/units.ts';
import { checkCanceled } from './cancellation.ts';
import { copyImage, measureImage } from './copy-image.ts';
import { trustEarlier } from './earlier.ts';
import { SECTOR } from './formats/vmdk/descriptor.ts';
import { located } from './located.ts';
import { StageProgress } from './progress.ts';
import { BlockHashes } from './proof/block-hashes.ts';
import { hashTarget, prove } from './proof.ts';
import { createPartial, type PartialFile } from './raw-file.ts';
import { watchSource } from './source-watch.ts';
import { checkSpace } from './space.ts';
import { copyStream } from './stream/copy-stream.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** What a way of copying tells about the source. */
interface Copied {
  readonly allocated: Bytes;
  readonly end: Bytes;
  readonly hashes: BlockHashes | undefined;
  readonly transport: string;
}

/** What one job runs with. */
interface Run {
  readonly job: TransferJob;
  readonly options: CopyOptions;
  readonly workspace: Workspace;
}

export class LocalDiskCopier implements DiskCopier {
  readonly #clock: Clock;
  /** Final paths that are being written by this process. */
  readonly #busy = new Set<string>();

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  async preflight(jobs: readonly TransferJob[], signal: AbortSignal): Promise<{ readonly needed: Bytes }> {
    const paths = new Set<string>();
    for (const { target } of jobs) {
      if (paths.has(path.resolve(target.path))) throw taken(target.path);
      paths.add(path.resolve(target.path));
    }
    return { needed: await checkSpace(jobs, measureJob, signal) };
  }

  async copy(job: TransferJob, options: CopyOptions): Promise<TransferResult> {
    checkCanceled(options.signal);
    const final = await resolveTarget(job.target.path);
    if (this.#busy.has(final)) throw taken(job.target.path);
    this.#busy.add(final);
    try {
      return await this.#run(job, final, options);
    } catch (error) {
      throw located(error, job, options.signal);
    } finally {
      this.#busy.delete(final);
    }
  }

  async #run(job: TransferJob, final: string, options: CopyOptions): Promise<TransferResult> {
    const started = this.#clock.now();
    await using workspace = await openWorkspace();
    const earlier = options.earlier?.get(job.id);
    if (earlier !== undefined) {
      const trusted = await trustEarlier(earlier, final, { job, workspace, ...options });
      if (trusted !== undefined) return { ...trusted, moved: 0, seconds: (this.#clock.now() - started) / 1000 };
    }
    const watch = await watchSource(job.source);
    const partial = await createPartial(final, roundUp(job.source.capacity, SECTOR));
    try {
      const run = { job, options, workspace };
      const copied = await copySource(run, partial);
      await partial.seal(copied.end, job.source.capacity);
      const proof = copied.hashes === undefined || !job.verify ? undefined : await proveTarget(run, partial, copied);
      await watch.check();
      checkCanceled(options.signal);
      const target = await partial.publish();
      const { allocated, transport } = copied;
      const seconds = (this.#clock.now() - started) / 1000;
      const result = { job: job.id, size: job.source.capacity, moved: allocated, allocated, seconds, transport, target };
      return proof === undefined ? result : { ...result, proof };
    } finally {
      await partial.discard();
    }
  }
}

/** Chooses the way and goes it. */
async function copySource(run: Run, partial: PartialFile): Promise<Copied> {
  const { source } = run.job;
  if (source.kind === 'blank') {
    new StageProgress({ job: run.job.id, stage: 'copy', total: 0 }, run.options.onProgress).finish();
    return { allocated: 0, end: 0, hashes: new BlockHashes(source.capacity), transport: 'blank: the source has no bytes' };
  }
  const [top, ...parents] = source.layers;
  const packed = source.layers.some((layer) => layer.gzip !== undefined);
  if (!packed) return await copyByQemu(run, partial);
  if (top.gzip === undefined || parents.length > 0) {
    throw new MigrationError('image-unsupported', 'A chain of images cannot be read while one of them is gzip-compressed.', {
      hint: 'Decompress it with gunzip first.',
    });
  }
  const total = top.slices.reduce((sum, slice) => sum + slice.length, 0);
  const progress = new StageProgress({ job: run.job.id, stage: 'copy', total }, run.options.onProgress);
  const { hashes, allocated } = await copyStream({
    layer: top,
    inflated: top.gzip.inflated,
    targetPath: partial.path,
    capacity: source.capacity,
    signal: run.options.signal,
    onRead: (bytes) => progress.add(bytes),
  });
  progress.finish();
  return { allocated, end: source.capacity, hashes, transport: 'stream: qemu-img cannot read a gzip-compressed image in place' };
}

async function copyByQemu({ job, options, workspace }: Run, partial: PartialFile): Promise<Copied> {
  if (job.source.kind !== 'image') throw new Error('Only images are copied by qemu-img');
  const { signal } = options;
  let total = 0;
  let progress: StageProgress | undefined;
  const copied = await copyImage({
    source: job.source,
    targetPath: partial.path,
    verify: job.verify,
    workspace,
    signal,
    onTotal: (bytes) => {
      total = bytes;
      progress = new StageProgress({ job: job.id, stage: 'copy', total }, options.onProgress);
    },
    onFraction: (fraction) => progress?.to(fraction * total),
  });
  progress?.finish();
  return { ...copied, transport: 'qemu-img: the image is a local file' };
}

async function proveTarget({ job, options, workspace }: Run, partial: PartialFile, copied: Copied): Promise<DiskProof> {
  if (copied.hashes === undefined) throw new Error('The source was not hashed');
  const { signal, onProgress } = options;
  return prove(copied.hashes, await hashTarget(partial.path, { job, workspace, signal, onProgress }), copied.allocated);
}

/** What a disk will occupy. Of a gzip-compressed image only the compressed size is known beforehand: it is the least that is needed. */
async function measureJob(job: TransferJob, signal: AbortSignal): Promise<Bytes> {
  try {
    return await measure(job.source, signal);
  } catch (error) {
    throw located(error, job, signal);
  }
}

async function measure(source: DiskSource, signal: AbortSignal): Promise<Bytes> {
  if (source.kind === 'blank') return 0;
  if (source.layers.some((layer) => layer.gzip !== undefined)) {
    return Math.min(
      source.capacity,
      source.layers[0].slices.reduce((sum, slice) => sum + slice.length, 0),
    );
  }
  await using workspace = await openWorkspace();
  return await measureImage(source, workspace, signal);
}

/** The final path with every link in its folder resolved: one file has one name here. */
async function resolveTarget(file: string): Promise<string> {
  try {
    return path.join(await realpath(path.dirname(file)), path.basename(file));
  } catch (cause) {
    throw new MigrationError('target-write-failed', 'The target folder cannot be entered.', { file: path.dirname(file), cause });
  }
}

function taken(file: string): MigrationError {
  return new MigrationError('target-occupied', 'Two disks have the same target.', { file });
}
