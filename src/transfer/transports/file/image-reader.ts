/**
 * Local image files as a DiskReader. What a format means is qemu's business: qemu-nbd serves the image and says what is allocated in it,
 * our own NBD client reads. Only raw images are read directly, because there is nothing to be understood in them.
 * What lives here opens files and starts qemu-nbd; formats that we decode ourselves are elsewhere.
 *
 * `qemu-img convert` with a second reading for the hashes beside it was measured against this (1 GiB, 42 % data, proof on, 2 busy cores,
 * medians of 3): this way takes 0.87 of its time for raw, 0.82 for qcow2, and can be resumed at any block.
 */
import { MigrationError } from '../../../model/errors.ts';
import type { Extent, ImageSource } from '../../../model/transfer.ts';
import { type Bytes, formatApart, MiB, roundUp } from '../../../model/units.ts';
import { checkCanceled } from '../../cancellation.ts';
import { SECTOR } from '../../formats/vmdk/descriptor.ts';
import type { NbdConnection } from '../../nbd/connection.ts';
import { dataExtents } from '../../nbd/data-extents.ts';
import { serveImage } from '../../nbd/qemu-nbd.ts';
import { stageImage } from '../../qemu-img/stage.ts';
import { SourceBytes } from '../../source-bytes.ts';
import type { Workspace } from '../../workspace.ts';
import type { DiskReader } from '../reader.ts';

/** Reads in flight: one program at the other end of a socket, or Node's four I/O threads. */
const LANES = 4;
const LARGEST_READ: Bytes = 4 * MiB;

export interface ImageReaderOptions {
  readonly workspace: Workspace;
  /** Name of the server's socket in the workspace. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/**
 * @throws MigrationError `image-unsupported`, `image-malformed`, `image-truncated`, `capacity-smaller-than-image`, `tool-missing`,
 *   `source-read-failed`, `canceled`, …
 */
export async function openImageReader(source: ImageSource, options: ImageReaderOptions): Promise<DiskReader> {
  const { workspace, name, signal } = options;
  const image = await serveImage(await stageImage(source, workspace, signal), { workspace, name, signal });
  try {
    const end = contentEnd(source, image.size);
    const raw = await openRaw(source);
    return raw === undefined
      ? new ImageReader(source.capacity, end, image)
      : new ImageReader(source.capacity, Math.min(end, raw.size), image, raw);
  } catch (error) {
    await image[Symbol.asyncDispose]();
    throw error;
  }
}

/** The bytes of a disk that is one raw image as they lie in its files. */
async function openRaw({ layers }: ImageSource): Promise<SourceBytes | undefined> {
  const [top, ...parents] = layers;
  return top.format === 'raw' && parents.length === 0 ? await SourceBytes.open(top.slices) : undefined;
}

class ImageReader implements DiskReader {
  readonly size: Bytes;
  readonly transport: string;
  readonly lanes = LANES;
  readonly largestRead = LARGEST_READ;
  /** The image's content ends here; what follows is zeros. */
  readonly #end: Bytes;
  readonly #image: NbdConnection;
  readonly #raw: SourceBytes | undefined;

  constructor(size: Bytes, end: Bytes, image: NbdConnection, raw?: SourceBytes) {
    this.size = size;
    this.#end = end;
    this.#image = image;
    this.#raw = raw;
    this.transport = raw === undefined ? 'file: qemu-nbd reads the image' : 'file: the image is raw';
  }

  async *allocated(signal: AbortSignal): AsyncGenerator<Extent> {
    yield* dataExtents(this.#image, this.#end, signal);
  }

  async read(offset: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void> {
    if (offset < 0 || offset + into.length > this.size) throw new RangeError(`The disk has no bytes at ${offset}`);
    checkCanceled(signal);
    const length = Math.max(0, Math.min(into.length, this.#end - offset));
    into.fill(0, length);
    if (length === 0) return;
    if (this.#raw === undefined) await this.#image.read(offset, into.subarray(0, length));
    else await this.#raw.fill(offset, into.subarray(0, length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#raw?.[Symbol.asyncDispose]();
    await this.#image[Symbol.asyncDispose]();
  }
}

/**
 * Where the content ends. A raw image must reach the disk's end, give or take a sector (qemu rounds); images of other formats may
 * state less than the capacity: the rest is zeros.
 * @throws MigrationError `capacity-smaller-than-image`, `image-truncated`
 */
function contentEnd({ layers: [top], capacity }: ImageSource, size: Bytes): Bytes {
  if (size > roundUp(capacity, SECTOR)) {
    const [held, most] = formatApart(size, capacity);
    const message = `The image holds ${held}, the disk only ${most}.`;
    throw new MigrationError('capacity-smaller-than-image', message, { at: `${size} and ${capacity} bytes` });
  }
  if (top.format !== 'raw') return Math.min(size, capacity);
  const stored = top.slices.reduce((sum, slice) => sum + slice.length, 0);
  if (stored + SECTOR <= capacity) {
    const [held, whole] = formatApart(stored, capacity);
    const message = `The image holds ${held}; the disk has ${whole}.`;
    throw new MigrationError('image-truncated', message, { at: `${stored} and ${capacity} bytes` });
  }
  return Math.min(stored, capacity);
}
