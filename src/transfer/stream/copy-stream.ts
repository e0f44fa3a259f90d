/**
 * Copies a gzip-compressed image, which qemu cannot read in place: inflates it once from start to end, hashes and writes as
 * it goes. No copy of the image is made.
 */
import { open } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import type { ImageLayer } from '../../model/transfer.ts';
import { type Bytes, formatBytes, MiB, roundUp } from '../../model/units.ts';
import { checkCanceled } from '../cancellation.ts';
import { type DiskPiece, decodeVmdkStream } from '../formats/vmdk/decode-stream.ts';
import { SECTOR } from '../formats/vmdk/descriptor.ts';
import type { BlockHashes } from '../proof/block-hashes.ts';
import { BlockSink } from './block-sink.ts';
import { ByteReader } from './byte-reader.ts';
import { gunzip } from './gunzip.ts';

export interface StreamCopy {
  /** Hashes of the blocks as the source gave them. */
  readonly hashes: BlockHashes;
  /** Bytes that the image holds for the disk. */
  readonly allocated: Bytes;
}

export interface StreamOptions {
  readonly layer: ImageLayer;
  /** Largest size that the layer may inflate to. */
  readonly inflated: Bytes;
  readonly targetPath: string;
  readonly capacity: Bytes;
  readonly signal: AbortSignal;
  /** Compressed bytes read since the last call. */
  readonly onRead: (bytes: Bytes) => void;
}

/**
 * @throws MigrationError `gzip-oversized`, `gzip-malformed`, `image-unsupported`, `image-malformed`, `image-truncated`,
 *   `capacity-smaller-than-image`, `target-full`, `target-write-failed`, `canceled`
 */
export async function copyStream(options: StreamOptions): Promise<StreamCopy> {
  const { layer, inflated, targetPath, capacity, signal, onRead } = options;
  const reader = new ByteReader(gunzip({ slices: layer.slices, limit: inflated, signal, onRead }));
  await using file = await open(targetPath, 'r+');
  const sink = new BlockSink({ file, name: targetPath, size: capacity });
  for await (const piece of decode(layer, reader, capacity)) {
    checkCanceled(signal);
    if (piece.offset + piece.bytes.length > capacity) checkTail(piece, capacity);
    await sink.put(piece.offset, piece.bytes);
  }
  await sink.finish();
  return { hashes: sink.hashes, allocated: sink.received };
}

function decode(layer: ImageLayer, reader: ByteReader, capacity: Bytes): AsyncIterable<DiskPiece> {
  if (layer.format === 'raw') return decodeRaw(reader, capacity);
  if (layer.format === 'vmdk') return decodeVmdkStream(reader, roundUp(capacity, SECTOR));
  throw new MigrationError('image-unsupported', `A gzip-compressed ${layer.format} image cannot be read in place.`, {
    hint: 'Decompress it with gunzip first.',
  });
}

async function* decodeRaw(reader: ByteReader, capacity: Bytes): AsyncGenerator<DiskPiece> {
  const buffer = new Uint8Array(MiB);
  for (;;) {
    const offset = reader.position;
    const length = await reader.fill(buffer);
    if (length > 0) yield { offset, bytes: buffer.subarray(0, length) };
    if (length === buffer.length) continue;
    if (reader.position < capacity) {
      throw new MigrationError(
        'gzip-malformed',
        `The compressed image holds ${formatBytes(reader.position)}; the disk has ${formatBytes(capacity)}.`,
      );
    }
    return;
  }
}

/** Writers round up to whole sectors; anything beyond that would be lost. */
function checkTail(piece: DiskPiece, capacity: Bytes): void {
  if (piece.offset + piece.bytes.length < capacity + SECTOR) return;
  throw new MigrationError('capacity-smaller-than-image', `The image holds data beyond the disk's ${formatBytes(capacity)}.`);
}
