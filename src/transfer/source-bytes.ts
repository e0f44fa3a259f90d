/** The slices of one image as one run of bytes, opened once. Descriptors are also used by worker threads, so they are closed last. */
import { read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { MigrationError } from '../model/errors.ts';
import type { FileSlice } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import type { FileRead } from './blocks/task.ts';
import { systemCode } from './cancellation.ts';

const readAsync = promisify(read);

interface Part {
  readonly slice: FileSlice;
  readonly fd: number;
  /** Where the slice begins in the whole. */
  readonly start: Bytes;
}

export class SourceBytes implements AsyncDisposable {
  readonly size: Bytes;
  readonly #parts: readonly Part[];
  readonly #handles: readonly FileHandle[];

  private constructor(parts: readonly Part[], handles: readonly FileHandle[]) {
    this.#parts = parts;
    this.#handles = handles;
    this.size = parts.reduce((sum, { slice }) => sum + slice.length, 0);
  }

  /** @throws MigrationError `source-read-failed`, `image-truncated` when a slice is not wholly in its file */
  static async open(slices: readonly FileSlice[]): Promise<SourceBytes> {
    const handles = new Map<string, FileHandle>();
    const parts: Part[] = [];
    let start = 0;
    try {
      for (const slice of slices) {
        const handle = handles.get(slice.path) ?? (await onSource(slice.path, () => open(slice.path, 'r')));
        handles.set(slice.path, handle);
        const { size } = await onSource(slice.path, () => handle.stat());
        if (slice.offset + slice.length > size) throw cut(slice.path, size);
        parts.push({ slice, fd: handle.fd, start });
        start += slice.length;
      }
    } catch (error) {
      await closeAll(handles.values());
      throw error;
    }
    return new SourceBytes(parts, [...handles.values()]);
  }

  /** Where [at, at + length) lies: one read for each slice that it touches. `into` counts from the given place. */
  locate(at: Bytes, length: Bytes, into: Bytes): readonly FileRead[] {
    if (at < 0 || at + length > this.size) throw new RangeError(`The image has no bytes ${at} to ${at + length}`);
    const reads: FileRead[] = [];
    for (let index = this.#partAt(at), done = 0; done < length; index += 1) {
      const part = this.#parts[index];
      if (part === undefined) break;
      const inside = at + done - part.start;
      const piece = Math.min(length - done, part.slice.length - inside);
      if (piece > 0) reads.push({ fd: part.fd, at: part.slice.offset + inside, length: piece, into: into + done });
      done += piece;
    }
    return reads;
  }

  /** @throws MigrationError `image-truncated` for what lies beyond the end; `source-read-failed` */
  async read(at: Bytes, length: Bytes): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.fill(at, bytes);
    return bytes;
  }

  /** Fills `into` with the bytes from `at` on. @throws as `read` */
  async fill(at: Bytes, target: Uint8Array): Promise<void> {
    if (at + target.length > this.size) throw cut(this.#parts.at(-1)?.slice.path, this.size);
    for (const { fd, at: start, length: whole, into } of this.locate(at, target.length, 0)) {
      const file = this.#parts.find((part) => part.fd === fd)?.slice.path ?? '';
      for (let done = 0; done < whole; ) {
        const { bytesRead } = await onSource(file, () => readAsync(fd, target, into + done, whole - done, start + done));
        if (bytesRead === 0) throw cut(file, start + done);
        done += bytesRead;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.#handles);
  }

  /** Number of the part that holds a byte. */
  #partAt(at: Bytes): number {
    let low = 0;
    let high = this.#parts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#parts[middle]?.start ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

async function onSource<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    throw new MigrationError('source-read-failed', `The source cannot be read (${code}).`, { file, cause });
  }
}

function cut(file: string | undefined, end: Bytes): MigrationError {
  return new MigrationError('image-truncated', `The image ends too early, at byte ${end}.`, file === undefined ? {} : { file });
}

async function closeAll(handles: Iterable<FileHandle>): Promise<void> {
  for (const handle of handles) await handle.close();
}
