/** Sparse VMDKs: our own decoder inflates, hashes and writes on threads. */
import type { Bytes } from '../../model/units.ts';
import { copySparseInto, type SparseImage } from '../copy-sparse.ts';
import { type ReadingTarget, readTwice } from './second-reading.ts';
import { copyProgress, type Filled, type Run, type Way } from './way.ts';

export function decoderWay(run: Run, image: SparseImage): Way {
  return {
    fill: (target) => fill(run, image, target),
    repair: async (target) => {
      await fill(run, image, target);
    },
    recheck: (target) => readTwice((to) => fill(run, image, to), target),
    [Symbol.asyncDispose]: () => image[Symbol.asyncDispose](),
  };
}

async function fill(run: Run, image: SparseImage, { writer, journal, tags }: ReadingTarget): Promise<Filled> {
  const { workers, bandwidth, options } = run;
  const { allocated, layout } = image;
  const progress = copyProgress(run, allocated);
  const onBytes = (bytes: Bytes): void => progress.add(bytes);
  const moved = await copySparseInto(image, { writer, journal, tags, workers, bandwidth, signal: options.signal, onBytes });
  await journal.commit(() => writer.sync());
  progress.finish();
  const why = layout.stream ? 'grains are inflated on several threads' : 'one reading gives both the copy and its hashes';
  return { allocated, moved, transport: `decoder: ${why}` };
}
