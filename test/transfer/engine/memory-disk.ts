/** A disk to read and a disk to write in memory, for tests of the engine: seeded content, counted reads, losable writes. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { Extent } from '../../../src/model/transfer.ts';
import { isZero } from '../../../src/transfer/proof/cell-hashes.ts';
import type { DiskReader } from '../../../src/transfer/transports/reader.ts';
import type { DiskWriter } from '../../../src/transfer/writers/writer.ts';

export const KiB = 1024;
const PAGE = 4 * KiB;

export class MemoryReader implements DiskReader {
  readonly size: number;
  readonly transport = 'memory';
  lanes = 3;
  readonly largestRead = 256 * KiB;
  readonly content: Buffer;
  /** What is said to be allocated; everything that is not zeros when absent. */
  extents: readonly Extent[] | undefined;
  /** Every read so far. */
  readonly reads: Extent[] = [];
  /** May change what a read gives, or throw. */
  onRead: (offset: number, into: Uint8Array, count: number) => void = () => undefined;

  constructor(content: Buffer, extents?: readonly Extent[]) {
    this.content = content;
    this.size = content.length;
    this.extents = extents;
  }

  get bytesRead(): number {
    return this.reads.reduce((sum, { length }) => sum + length, 0);
  }

  async *allocated(): AsyncGenerator<Extent> {
    yield* this.extents ?? dataOf(this.content);
  }

  async read(offset: number, into: Uint8Array, signal: AbortSignal): Promise<void> {
    if (offset < 0 || offset + into.length > this.size) throw new RangeError('beyond the disk');
    if (into.length > this.largestRead) throw new RangeError('too much at once');
    this.reads.push({ offset, length: into.length });
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw new MigrationError('canceled', 'canceled');
    into.set(this.content.subarray(offset, offset + into.length));
    this.onRead(offset, into, this.reads.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}

/** Extents of what is not zeros, in pages. */
export function dataOf(content: Buffer): readonly Extent[] {
  const found: { offset: number; length: number }[] = [];
  for (let offset = 0; offset < content.length; offset += PAGE) {
    const page = content.subarray(offset, offset + PAGE);
    if (isZero(page)) continue;
    const last = found.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length += page.length;
    else found.push({ offset, length: page.length });
  }
  return found;
}

export class MemoryWriter implements DiskWriter {
  readonly fd = -1;
  readonly path = 'memory';
  readonly size: number;
  blank: boolean;
  readonly content: Buffer;
  /** What would be there after the power failed. */
  readonly #durable: Buffer;
  /** Bytes written and zeroed so far. */
  written = 0;
  /** Bytes read so far. */
  bytesRead = 0;
  /** May throw. */
  onWrite: (offset: number) => void = () => undefined;

  constructor(content: Buffer, { blank = true }: { readonly blank?: boolean } = {}) {
    this.content = content;
    this.size = content.length;
    this.blank = blank;
    this.#durable = Buffer.from(content);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.onWrite(offset);
    if (offset + bytes.length > this.size) throw new RangeError('beyond the target');
    // Taken late: a buffer that is used for something else too early is found out.
    await new Promise((resolve) => setImmediate(resolve));
    this.content.set(bytes, offset);
    this.written += bytes.length;
  }

  async zero(offset: number, length: number): Promise<void> {
    this.onWrite(offset);
    if (offset + length > this.size) throw new RangeError('beyond the target');
    this.content.fill(0, offset, offset + length);
    this.written += length;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.bytesRead += into.length;
    into.set(this.content.subarray(offset, offset + into.length));
  }

  async sync(): Promise<void> {
    const now = Buffer.from(this.content);
    await new Promise((resolve) => setImmediate(resolve));
    this.#durable.set(now);
  }

  /** The power fails: of each page that was not synced either the old or the new content is there. Returns the disk as it is found. */
  lose(random: () => number): Buffer {
    const found = Buffer.from(this.#durable);
    for (let at = 0; at < found.length; at += PAGE) {
      if (random() % 2 === 0) found.set(this.content.subarray(at, at + PAGE), at);
    }
    return found;
  }

  async publish(): Promise<undefined> {
    throw new Error('No file');
  }

  async discard(): Promise<void> {
    // Nothing is held.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}

/** A disk with runs of noise at seeded places, cut anywhere; about `share` of it. */
export function seededDisk(size: number, random: () => number, share: number): Buffer {
  const content = Buffer.alloc(size);
  for (let filled = 0; filled < size * share; ) filled += changeAt(content, random).length;
  return content;
}

/** Changes one seeded run of a disk, to noise or now and then to zeros, and tells where. */
export function changeAt(content: Buffer, random: () => number): Extent {
  const offset = Math.floor((random() / 2 ** 32) * content.length);
  const length = Math.min(content.length - offset, 1 + Math.floor((random() / 2 ** 32) ** 3 * 600 * KiB));
  if (random() % 4 === 0) content.fill(0, offset, offset + length);
  else for (let at = offset; at < offset + length; at += 1) content[at] = random() & 0xff;
  return { offset, length };
}
