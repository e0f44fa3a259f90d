/** Random access to the bytes of an image, wherever its slices are. Of a gzip stream only the head is inflated. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MigrationError } from '../../../src/model/errors.ts';
import type { FileSlice } from '../../../src/model/transfer.ts';
import { type Bytes, MiB } from '../../../src/model/units.ts';
import type { ImageLocation } from '../seam.ts';
import { truncated } from './trouble.ts';

const GZIP_HEAD: Bytes = MiB;

export interface ImageBytes extends AsyncDisposable {
  /** Name for people. */
  readonly name: string;
  /** Size of the image, inflated if it is compressed: then as declared. */
  readonly size: Bytes;
  /** Bytes from the start that can be read: less than `size` only for a compressed image. */
  readonly readable: Bytes;
  /**
   * Exactly `length` bytes at `offset`.
   * @throws MigrationError `image-truncated` when they are not all there
   */
  read(offset: Bytes, length: number): Promise<Buffer>;
}

/**
 * Opens an image for a look at its headers.
 * @throws MigrationError `source-not-found`, `source-unreadable`, `image-truncated`, `gzip-malformed`, `gzip-oversized`
 */
export async function openImage(location: ImageLocation, signal: AbortSignal): Promise<ImageBytes> {
  signal.throwIfAborted();
  return location.gzip === undefined
    ? new SlicedImage(location.name, location.slices, signal)
    : await openInflated(location, location.gzip.inflated, signal);
}

/** Keeps one file open at a time: an OVF disk in a thousand chunks costs one descriptor. */
class SlicedImage implements ImageBytes {
  readonly name: string;
  readonly size: Bytes;
  readonly readable: Bytes;
  readonly #slices: readonly FileSlice[];
  readonly #signal: AbortSignal;
  #current: { readonly path: string; readonly handle: FileHandle } | undefined;

  constructor(name: string, slices: readonly FileSlice[], signal: AbortSignal) {
    this.name = name;
    this.#slices = slices;
    this.#signal = signal;
    this.size = slices.reduce((sum, slice) => sum + slice.length, 0);
    this.readable = this.size;
  }

  async read(offset: Bytes, length: number): Promise<Buffer> {
    if (!(offset >= 0) || !(offset + length <= this.size)) {
      throw truncated(this.name, `${length} bytes at ${offset} are needed, it has ${this.size}`);
    }
    const wanted = Buffer.alloc(length);
    let start = 0;
    for (const slice of this.#slices) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + slice.length);
      if (from < to) await this.#fill(wanted.subarray(from - offset, to - offset), slice, from - start);
      start += slice.length;
    }
    return wanted;
  }

  async #fill(target: Buffer, slice: FileSlice, offset: Bytes): Promise<void> {
    const handle = await this.#open(slice.path);
    let done = 0;
    while (done < target.length) {
      this.#signal.throwIfAborted();
      const { bytesRead } = await handle.read(target, done, target.length - done, slice.offset + offset + done);
      if (bytesRead === 0) throw truncated(this.name, `${slice.path} is shorter than it was`);
      done += bytesRead;
    }
  }

  async #open(path: string): Promise<FileHandle> {
    if (this.#current?.path === path) return this.#current.handle;
    await this[Symbol.asyncDispose]();
    const handle = await openFile(path);
    this.#current = { path, handle };
    return handle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { handle } = this.#current ?? {};
    this.#current = undefined;
    await handle?.close();
  }
}

/** @throws MigrationError `source-not-found`, `source-unreadable` */
async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Turns a failure of the file system into one with a code. */
export function unreadable(path: string, cause: unknown): MigrationError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new MigrationError('source-not-found', `${path} does not exist`, { file: path, cause });
  }
  return new MigrationError('source-unreadable', `${path} cannot be read (${String(code ?? cause)})`, { file: path, cause });
}

async function openInflated(location: ImageLocation, inflated: Bytes, signal: AbortSignal): Promise<ImageBytes> {
  const { name } = location;
  const { head, complete } = await inflateHead(location, signal);
  if (head.length > inflated) {
    throw new MigrationError('gzip-oversized', `${name} inflates past the ${inflated} bytes that are declared`, { file: name });
  }
  const size = complete ? head.length : inflated;
  return {
    name,
    size,
    readable: head.length,
    read: async (offset, length) => {
      if (offset + length > head.length) throw truncated(name, `${length} bytes at ${offset} are beyond its inflated head`);
      return head.subarray(offset, offset + length);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function inflateHead(location: ImageLocation, signal: AbortSignal): Promise<{ head: Buffer; complete: boolean }> {
  const source = Readable.from(compressedChunks(location.slices, signal));
  const gunzip = createGunzip();
  source.on('error', (cause) => gunzip.destroy(cause));
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of source.pipe(gunzip)) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk);
      length += chunk.length;
      if (length >= GZIP_HEAD) break;
    }
  } catch (cause) {
    if (signal.aborted || cause instanceof MigrationError) throw cause;
    throw new MigrationError('gzip-malformed', `${location.name} cannot be inflated`, { file: location.name, cause });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  return { head: Buffer.concat(chunks), complete: length < GZIP_HEAD };
}

async function* compressedChunks(slices: readonly FileSlice[], signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const { path, offset, length } of slices) {
    if (length === 0) continue;
    try {
      for await (const chunk of createReadStream(path, { start: offset, end: offset + length - 1, signal })) {
        if (Buffer.isBuffer(chunk)) yield chunk;
      }
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw unreadable(path, cause);
    }
  }
}
