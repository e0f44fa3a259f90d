/**
 * Copies a sparse VMDK by our own decoder: the source is read once, in place and in its own order, and each block is inflated,
 * hashed and written by one worker thread. Which images come this way, and why, is said in `openSparse`.
 */
import type { Bandwidth } from '../contracts/bandwidth.ts';
import { MigrationError } from '../model/errors.ts';
import type { ImageSource } from '../model/transfer.ts';
import { type Bytes, formatApart, roundUp } from '../model/units.ts';
import { JournaledBlocks, type Landing } from './blocks/journaled-blocks.ts';
import type { GrainedBlock } from './blocks/task.ts';
import { SECTOR } from './formats/vmdk/descriptor.ts';
import { countGrains, grainWindows, readLayout, type SparseLayout } from './formats/vmdk/grain-map.ts';
import { type DiskEnd, planRuns, type Run } from './formats/vmdk/plan-runs.ts';
import { eachOf } from './lanes.ts';
import { UNLIMITED } from './limits/bandwidth.ts';
import { SourceBytes } from './source-bytes.ts';

/** A sparse VMDK that was looked through. Disposing of it closes its files. */
export interface SparseImage extends AsyncDisposable {
  readonly bytes: SourceBytes;
  readonly layout: SparseLayout;
  readonly disk: DiskEnd;
  /** Bytes in allocated grains. */
  readonly allocated: Bytes;
}

/**
 * Opens an image that is one sparse VMDK without parents: streamOptimized, because qemu-img inflates it on one thread, and
 * monolithicSparse, because the proof then needs no second reading. Undefined for every other image.
 * @throws MigrationError `image-malformed`, `image-truncated`, `capacity-smaller-than-image`, `source-read-failed`, `canceled`
 */
export async function openSparse(source: ImageSource, signal: AbortSignal): Promise<SparseImage | undefined> {
  const { layers, capacity } = source;
  const [top] = layers;
  if (layers.length > 1 || top.format !== 'vmdk' || top.gzip !== undefined) return undefined;
  const bytes = await SourceBytes.open(top.slices);
  const close = (): Promise<void> => bytes[Symbol.asyncDispose]();
  try {
    const layout = await readLayout(bytes);
    if (layout !== undefined) {
      if (layout.capacity > roundUp(capacity, SECTOR)) throw tooSmall(layout.capacity, capacity);
      const disk = { size: capacity, end: Math.min(layout.capacity, capacity) };
      const allocated = await countGrains(bytes, layout, disk.end, signal);
      return { bytes, layout, disk, allocated, [Symbol.asyncDispose]: close };
    }
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  return undefined;
}

export interface SparseLanding extends Landing {
  /** Told of allocated bytes as they are found on the target or reach it. */
  readonly onBytes: (bytes: Bytes) => void;
  /** Asked for what is read of the image; nothing is held back when absent. */
  readonly bandwidth?: Bandwidth;
}

/**
 * Brings onto the target what its journal does not hold as done, and reads nothing else. When this resolves every block is in the journal, and
 * durable but for the last two seconds of it: the caller commits or ends the pass. After a failure what was done until then is
 * durable, unless the signal has aborted.
 * @returns bytes in allocated grains that were brought now
 * @throws MigrationError `image-malformed`, `image-truncated`, `source-read-failed`, `target-full`, `target-write-failed`, `canceled`
 */
export async function copySparseInto(
  image: SparseImage,
  { onBytes, bandwidth = UNLIMITED, ...landing }: SparseLanding,
): Promise<Bytes> {
  const { workers, signal } = landing;
  const { grainBytes, stream } = image.layout;
  const blocks = new JournaledBlocks(landing);
  let moved = 0;
  try {
    await eachOf(missing(image, { blocks, signal, onBytes }), workers.depth, async (run) => {
      await bandwidth.take(
        run.reads.reduce((sum, { length }) => sum + length, 0),
        signal,
      );
      await blocks.run({ ...run, grainBytes, deflated: stream });
      moved += coveredBy(run.blocks);
      onBytes(coveredBy(run.blocks));
    });
    await blocks.finish();
    return moved;
  } catch (error) {
    await blocks.keep();
    throw error;
  }
}

/** Runs without the blocks that are done. */
async function* missing(
  image: SparseImage,
  { blocks, signal, onBytes }: Pick<SparseLanding, 'signal' | 'onBytes'> & { readonly blocks: JournaledBlocks },
): AsyncGenerator<Run, undefined> {
  for await (const run of runsOf(image, signal)) {
    const left = run.blocks.filter(({ index }) => blocks.leavesAlone(index));
    onBytes(coveredBy(left));
    if (left.length < run.blocks.length) yield { ...run, blocks: run.blocks.filter((block) => !left.includes(block)) };
  }
  return undefined;
}

function coveredBy(blocks: readonly GrainedBlock[]): Bytes {
  return blocks.reduce((sum, { grains }) => grains.reduce((inner, { length }) => inner + length, sum), 0);
}

async function* runsOf({ bytes, layout, disk }: SparseImage, signal: AbortSignal): AsyncGenerator<Run, undefined> {
  for await (const window of grainWindows(bytes, layout, signal)) yield* planRuns(window, layout, disk, bytes);
  return undefined;
}

function tooSmall(image: Bytes, capacity: Bytes): MigrationError {
  const [held, most] = formatApart(image, capacity);
  return new MigrationError('capacity-smaller-than-image', `The image holds ${held}, the disk only ${most}.`, {
    at: `${image} and ${capacity} bytes`,
  });
}
