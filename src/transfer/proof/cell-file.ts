/**
 * Hashes of the cells of a disk that more deltas will come to, so that a delta need not read back what it leaves alone: with them the hash of a
 * block follows from the cells that changed. 32 bytes for 64 KiB of the disk (0.05 %), in a sparse file beside the journal that any number
 * of crashes may tear and anybody may remove: what is found in it counts only when it adds up to the hash of the block in the journal, and
 * where it does not, the block is read from the target. So nothing here is synced, and no trouble with the file is ever told.
 */
import { type FileHandle, open, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Bytes } from '../../model/units.ts';
import { BLOCK, blockHash, CELL, CELLS, type CellHashes, cellsOf, DIGEST, hashCells } from './cell-hashes.ts';

/** What the engine asks of it. */
export interface KnownCells {
  /** The cells of a block that has this hash; undefined where they are not known. */
  recall(index: number, digest: Uint8Array): Promise<CellHashes | undefined>;
  /** Absent where nobody will ask again. */
  keep?(index: number, cells: CellHashes): Promise<void>;
}

/** As of the journal. */
const MODE = 0o600;
const RECORD: Bytes = CELLS * DIGEST;
/** 32 KiB: changes lie scattered, and on a large disk each brings its own chunk; but a read costs more than what it brings. */
const CHUNK_BLOCKS = 64;
const CHUNK: Bytes = CHUNK_BLOCKS * RECORD;
/** Chunks in memory, 4 MiB in all: deltas go through a disk from its beginning to its end, a few runs side by side. */
const MAX_CHUNKS = 128;
/** The journal shares the file system, and must never lack room for this: so many times its largest size has to be free. */
const ROOM = 2;

/** A block that no pass came by. */
const ZEROS = hashCells(new Uint8Array(BLOCK));

interface Chunk {
  readonly bytes: Buffer;
  readonly loaded: Promise<void>;
  changed: boolean;
  /** Those who wait for it; it is not dropped under them. */
  users: number;
}

export class CellFile implements KnownCells, AsyncDisposable {
  readonly #file: FileHandle;
  readonly #size: Bytes;
  /** The one that was used last is the last. */
  readonly #chunks = new Map<number, Chunk>();
  /** Those that are on their way into the file. */
  readonly #dropped = new Map<number, Promise<void>>();

  private constructor(file: FileHandle, size: Bytes) {
    this.#file = file;
    this.#size = size;
  }

  /** Opens or makes the file for a disk of `size` bytes; undefined where that cannot be, or where room is scarce. */
  static async open(file: string, size: Bytes): Promise<CellFile | undefined> {
    try {
      const handle = await openOrMake(file, Math.ceil(size / BLOCK) * RECORD);
      return handle === undefined ? undefined : new CellFile(handle, size);
    } catch {
      return undefined;
    }
  }

  /** Opens the file to look into it; undefined where there is none. */
  static async look(file: string, size: Bytes): Promise<CellFile | undefined> {
    const handle = await open(file, 'r').catch(() => undefined);
    return handle === undefined ? undefined : new CellFile(handle, size);
  }

  async recall(index: number, digest: Uint8Array): Promise<CellHashes | undefined> {
    const length = Math.min(BLOCK, this.#size - index * BLOCK);
    const hashes = Buffer.allocUnsafeSlow(Math.ceil(length / CELL) * DIGEST);
    await this.#use(index, ({ bytes }, at) => bytes.copy(hashes, 0, at));
    const zeros = length === BLOCK ? ZEROS : hashCells(new Uint8Array(length));
    return [cellsOf(hashes, length), zeros].find((cells) => blockHash(cells).equals(digest));
  }

  async keep(index: number, { hashes }: CellHashes): Promise<void> {
    await this.#use(index, (chunk, at) => {
      chunk.bytes.set(hashes, at);
      chunk.changed = true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [number, chunk] of [...this.#chunks]) await this.#drop(number, chunk);
    await Promise.all(this.#dropped.values());
    await this.#file.close().catch(() => undefined);
  }

  /** Lets `work` see the chunk of a block, and where in it the block's record begins. */
  async #use(index: number, work: (chunk: Chunk, at: number) => void): Promise<void> {
    const number = Math.floor(index / CHUNK_BLOCKS);
    const chunk = this.#chunks.get(number) ?? this.#load(number);
    this.#chunks.delete(number);
    this.#chunks.set(number, chunk);
    chunk.users += 1;
    await this.#dropOldest();
    await chunk.loaded;
    work(chunk, (index % CHUNK_BLOCKS) * RECORD);
    chunk.users -= 1;
  }

  #load(number: number): Chunk {
    const bytes = Buffer.alloc(CHUNK);
    const read = async (): Promise<void> => {
      await this.#dropped.get(number);
      // Whatever is not there is no hash of anything.
      await this.#file.read(bytes, 0, CHUNK, number * CHUNK).catch(() => undefined);
    };
    return { bytes, loaded: read(), changed: false, users: 0 };
  }

  async #dropOldest(): Promise<void> {
    if (this.#chunks.size <= MAX_CHUNKS) return;
    for (const [number, chunk] of this.#chunks) if (chunk.users === 0) return await this.#drop(number, chunk);
  }

  async #drop(number: number, { bytes, changed }: Chunk): Promise<void> {
    this.#chunks.delete(number);
    if (!changed) return;
    const written = this.#file.write(bytes, 0, CHUNK, number * CHUNK).then(
      () => undefined,
      () => undefined,
    );
    this.#dropped.set(number, written);
    await written;
    if (this.#dropped.get(number) === written) this.#dropped.delete(number);
  }
}

/** @param most bytes that it will have */
async function openOrMake(file: string, most: Bytes): Promise<FileHandle | undefined> {
  const kept = await open(file, 'r+').catch(() => undefined);
  if (kept !== undefined) return kept;
  const { bavail, bsize } = await statfs(path.dirname(file));
  return bavail * bsize < ROOM * most ? undefined : await open(file, 'wx+', MODE);
}
