/** The ways of bringing a source's bytes into a target file, and which of them a source goes. */
import type { CopyOptions } from '../contracts/disk-copier.ts';
import { MigrationError } from '../model/errors.ts';
import type { DiskSource, ImageSource, TransferJob } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import type { BlockWorkers } from './blocks/workers.ts';
import { copyImage, measureImage } from './copy-image.ts';
import { copySparse, openSparse, type SparseImage } from './copy-sparse.ts';
import { StageProgress } from './progress.ts';
import { BlockHashes } from './proof/block-hashes.ts';
import { copyStream } from './stream/copy-stream.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** What one job runs with. */
export interface Run {
  readonly job: TransferJob;
  readonly options: CopyOptions;
  readonly workspace: Workspace;
  readonly workers: BlockWorkers;
}

/** What a way of copying tells about the source. */
export interface Copied {
  /** Bytes that the source holds. */
  readonly allocated: Bytes;
  /** The source's content ends here; what follows up to its capacity is zeros. */
  readonly end: Bytes;
  /** Of the source; present where the job asks for a proof. */
  readonly hashes: BlockHashes | undefined;
  readonly transport: string;
}

/**
 * Chooses the way and goes it. The target is an existing file of zeros, at least as large as the source rounded up to sectors.
 * @throws MigrationError, many codes; see DiskCopier.copy
 */
export async function copySource(run: Run, targetPath: string): Promise<Copied> {
  const { source } = run.job;
  if (source.kind === 'blank') {
    stage(run, 0).finish();
    return { allocated: 0, end: 0, hashes: new BlockHashes(source.capacity), transport: 'blank: the source has no bytes' };
  }
  if (source.kind !== 'image') {
    throw new MigrationError(
      'disk-unreachable',
      `Disks that a server hands out (${source.kind}) cannot be read by this version.`,
      {
        hint: 'Export the VM as OVA and migrate the file.',
      },
    );
  }
  if (source.layers.some((layer) => layer.gzip !== undefined)) return await copyByStream(run, source, targetPath);
  await using sparse = await openSparse(source, run.options.signal);
  return sparse === undefined ? await copyByQemu(run, source, targetPath) : await copyByDecoder(run, sparse, targetPath);
}

async function copyByDecoder(run: Run, image: SparseImage, targetPath: string): Promise<Copied> {
  const { allocated, disk, layout } = image;
  const progress = stage(run, allocated);
  const hashes = await copySparse(image, {
    targetPath,
    verify: run.job.verify,
    workers: run.workers,
    signal: run.options.signal,
    onBytes: (bytes) => progress.add(bytes),
  });
  progress.finish();
  const why = layout.stream ? 'grains are inflated on several threads' : 'one reading gives both the copy and its hashes';
  return { allocated, end: disk.end, hashes, transport: `decoder: ${why}` };
}

async function copyByStream(run: Run, source: ImageSource, targetPath: string): Promise<Copied> {
  const [top, ...parents] = source.layers;
  if (top.gzip === undefined || parents.length > 0) {
    throw new MigrationError('image-unsupported', 'A chain of images cannot be read while one of them is gzip-compressed.', {
      hint: 'Decompress it with gunzip first.',
    });
  }
  const progress = stage(run, storedBytes(source));
  const { hashes, allocated } = await copyStream({
    layer: top,
    inflated: top.gzip.inflated,
    targetPath,
    capacity: source.capacity,
    signal: run.options.signal,
    onRead: (bytes) => progress.add(bytes),
  });
  progress.finish();
  return { allocated, end: source.capacity, hashes, transport: 'stream: qemu-img cannot read a gzip-compressed image in place' };
}

async function copyByQemu(run: Run, source: ImageSource, targetPath: string): Promise<Copied> {
  const { job, options, workspace } = run;
  let total = 0;
  let progress: StageProgress | undefined;
  const copied = await copyImage({
    source,
    targetPath,
    verify: job.verify,
    workspace,
    signal: options.signal,
    onTotal: (bytes) => {
      total = bytes;
      progress = stage(run, total);
    },
    onFraction: (fraction) => progress?.to(fraction * total),
  });
  progress?.finish();
  return { ...copied, transport: 'qemu-img: the image is a local file' };
}

/**
 * What a disk will occupy at most. Of a gzip-compressed image only the compressed size is known beforehand: it is the least
 * that is needed.
 * @throws as copySource
 */
export async function measureSource(source: DiskSource, signal: AbortSignal): Promise<Bytes> {
  if (source.kind === 'blank') return 0;
  // How much of a remote disk is allocated is known only while it is read.
  if (source.kind !== 'image') return source.capacity;
  if (source.layers.some((layer) => layer.gzip !== undefined)) return Math.min(source.capacity, storedBytes(source));
  await using sparse = await openSparse(source, signal);
  if (sparse !== undefined) return sparse.allocated;
  await using workspace = await openWorkspace();
  return await measureImage(source, workspace, signal);
}

function stage({ job, options }: Run, total: Bytes): StageProgress {
  return new StageProgress({ job: job.id, stage: 'copy', total }, options.onProgress);
}

function storedBytes({ layers: [top] }: ImageSource): Bytes {
  return top.slices.reduce((sum, slice) => sum + slice.length, 0);
}
