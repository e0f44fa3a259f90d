/**
 * Copies a gzip-compressed image, which qemu cannot read in place: inflates it once from start to end, while workers make, hash and
 * write its blocks. No copy of the image is made. A resumed copy inflates it anew and leaves alone what is done.
 */
import type { Bandwidth } from '../../contracts/bandwidth.ts';
import { MigrationError } from '../../model/errors.ts';
import type { ImageLayer } from '../../model/transfer.ts';
import { type Bytes, roundUp } from '../../model/units.ts';
import type { Landing } from '../blocks/journaled-blocks.ts';
import { copyGrains, type GrainCopy } from '../formats/vmdk/copy-grains.ts';
import { SECTOR } from '../formats/vmdk/descriptor.ts';
import { GrainStream } from '../formats/vmdk/grain-stream.ts';
import type { StoredGrains } from '../formats/vmdk/stored-grains.ts';
import { ByteReader } from './byte-reader.ts';
import { gunzip } from './gunzip.ts';
import { RawStream } from './raw-stream.ts';

export interface StreamOptions extends Landing {
  readonly layer: ImageLayer;
  /** Largest size that the layer may inflate to. */
  readonly inflated: Bytes;
  readonly capacity: Bytes;
  /** Compressed bytes read since the last call. */
  readonly onRead: (bytes: Bytes) => void;
  /** Asked for the compressed bytes; nothing is held back when absent. */
  readonly bandwidth?: Bandwidth;
}

/**
 * @throws MigrationError `gzip-oversized`, `gzip-malformed`, `image-unsupported`, `image-malformed`, `image-truncated`,
 *   `capacity-smaller-than-image`, `target-full`, `target-write-failed`, `canceled`
 */
export async function copyStream({ layer, inflated, onRead, bandwidth, ...options }: StreamOptions): Promise<GrainCopy> {
  const { capacity, signal } = options;
  const bytes = gunzip({ slices: layer.slices, limit: inflated, signal, onRead, ...(bandwidth && { bandwidth }) });
  try {
    const image = await openStream(layer, new ByteReader(bytes), capacity);
    return await copyGrains(image, { ...options, onBytes: () => undefined });
  } finally {
    await bytes.return(undefined);
  }
}

async function openStream({ format }: ImageLayer, reader: ByteReader, capacity: Bytes): Promise<StoredGrains> {
  if (format === 'raw') return new RawStream(reader, capacity);
  if (format === 'vmdk') return await GrainStream.open(reader, roundUp(capacity, SECTOR));
  throw new MigrationError('image-unsupported', `A gzip-compressed ${format} image cannot be read in place.`, {
    hint: 'Decompress it with gunzip first.',
  });
}
