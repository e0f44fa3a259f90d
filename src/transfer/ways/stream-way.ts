/** Images that can only be read from their beginning to their end. What is done is read again, because there is no other way, and left alone. */
import { MigrationError } from '../../model/errors.ts';
import type { ImageSource } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { copyStream } from '../stream/copy-stream.ts';
import { type ReadingTarget, readTwice } from './second-reading.ts';
import { copyProgress, type Filled, type Run, type Way } from './way.ts';

export function streamWay(run: Run, source: ImageSource): Way {
  return {
    fill: (target) => fill(run, source, target),
    repair: async (target) => {
      await fill(run, source, target);
    },
    recheck: (target) => readTwice((to) => fill(run, source, to), target),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function fill(run: Run, source: ImageSource, { writer, journal, tags }: ReadingTarget): Promise<Filled> {
  const [top, ...parents] = source.layers;
  if (top.gzip === undefined || parents.length > 0) {
    throw new MigrationError('image-unsupported', 'A chain of images cannot be read while one of them is gzip-compressed.', {
      hint: 'Decompress it with gunzip first.',
    });
  }
  const progress = copyProgress(run, storedBytes(source));
  const { allocated, moved } = await copyStream({
    layer: top,
    inflated: top.gzip.inflated,
    capacity: source.capacity,
    writer,
    journal,
    tags,
    workers: run.workers,
    bandwidth: run.bandwidth,
    signal: run.options.signal,
    onRead: (bytes) => progress.add(bytes),
  });
  await journal.commit(() => writer.sync());
  progress.finish();
  return { allocated, moved, transport: 'stream: qemu-img cannot read a gzip-compressed image in place' };
}

/** Of a compressed image, all that is known beforehand. */
export function storedBytes({ layers: [top] }: ImageSource): Bytes {
  return top.slices.reduce((sum, slice) => sum + slice.length, 0);
}
