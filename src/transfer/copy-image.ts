/** Copies an image with qemu-img while our own reader hashes the same source through qemu-nbd. */
import { MigrationError } from '../model/errors.ts';
import type { ImageSource } from '../model/transfer.ts';
import { type Bytes, formatBytes, roundUp } from '../model/units.ts';
import { together } from './cancellation.ts';
import { SECTOR } from './formats/vmdk/descriptor.ts';
import { serveImage } from './nbd/qemu-nbd.ts';
import type { BlockHashes } from './proof/block-hashes.ts';
import { countAllocated, hashDisk } from './proof/hash-disk.ts';
import { convert } from './qemu-img/run.ts';
import { stageImage } from './qemu-img/stage.ts';
import type { Workspace } from './workspace.ts';

export interface ImageCopyOptions {
  readonly source: ImageSource;
  /** An existing file of zeros, at least as large as the source rounded up to sectors. */
  readonly targetPath: string;
  /** Hash the source as well. */
  readonly verify: boolean;
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  /** Told once: bytes that have to be moved. */
  readonly onTotal: (total: Bytes) => void;
  /** Part done, 0 to 1: the slower one of writing and hashing. */
  readonly onFraction: (fraction: number) => void;
}

export interface ImageCopy {
  /** Bytes that the source holds. */
  readonly allocated: Bytes;
  /** The source's content ends here; what follows up to its capacity is zeros. */
  readonly end: Bytes;
  /** Present where `verify` asked for it. */
  readonly hashes: BlockHashes | undefined;
}

/** Writes the source into the target file. @throws MigrationError, many codes; see DiskCopier.copy */
export async function copyImage(options: ImageCopyOptions): Promise<ImageCopy> {
  const { source, targetPath, verify, workspace, signal, onTotal, onFraction } = options;
  const image = await stageImage(source, workspace, signal);
  await using disk = await serveImage(image, { workspace, name: 'source', signal });
  const end = contentEnd(source, disk.size);
  const allocated = await countAllocated(disk, end, signal);
  onTotal(allocated);

  const fractions = { written: 0, hashed: verify ? 0 : 1 };
  const tell = (): void => onFraction(Math.min(fractions.written, fractions.hashed));
  let hashed = 0;
  const write = (stop: AbortSignal): Promise<void> =>
    convert(image, targetPath, {
      signal: stop,
      onFraction: (fraction) => {
        fractions.written = fraction;
        tell();
      },
    });
  const hash = async (stop: AbortSignal): Promise<BlockHashes | undefined> => {
    if (!verify) return undefined;
    const onBytes = (bytes: Bytes): void => {
      hashed += bytes;
      fractions.hashed = hashed / allocated;
      tell();
    };
    return await hashDisk(disk, { size: source.capacity, end, signal: stop, onBytes });
  };
  const [, hashes] = await together<[unknown, BlockHashes | undefined]>(signal, [write, hash]);
  return { allocated, end, hashes };
}

/** Bytes that an image holds, without copying it. @throws as copyImage */
export async function measureImage(source: ImageSource, workspace: Workspace, signal: AbortSignal): Promise<Bytes> {
  const image = await stageImage(source, workspace, signal);
  await using disk = await serveImage(image, { workspace, name: 'measure', signal });
  return await countAllocated(disk, contentEnd(source, disk.size), signal);
}

/**
 * Where the content ends. A raw image must reach the disk's end, give or take a sector (qemu rounds); images of other formats may
 * state less than the capacity: the rest is zeros.
 * @throws MigrationError `capacity-smaller-than-image`, `image-truncated`
 */
function contentEnd({ layers: [top], capacity }: ImageSource, size: Bytes): Bytes {
  if (size > roundUp(capacity, SECTOR)) {
    throw new MigrationError(
      'capacity-smaller-than-image',
      `The image holds ${formatBytes(size)}, the disk only ${formatBytes(capacity)}.`,
      {
        at: `${size} and ${capacity} bytes`,
      },
    );
  }
  if (top.format !== 'raw') return Math.min(size, capacity);
  const stored = top.slices.reduce((sum, slice) => sum + slice.length, 0);
  if (stored + SECTOR <= capacity) {
    throw new MigrationError(
      'image-truncated',
      `The image holds ${formatBytes(stored)}; the disk has ${formatBytes(capacity)}.`,
      {
        at: `${stored} and ${capacity} bytes`,
      },
    );
  }
  return Math.min(stored, capacity);
}
