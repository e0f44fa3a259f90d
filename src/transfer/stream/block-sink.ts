/**
 * Takes pieces of a disk in nearly any order, makes whole blocks of them, hashes each block as the source gave it and writes
 * it to the target. Open blocks are bounded: a source that comes back to a block long after it was closed is refused.
 */
import { subtle } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, KiB } from '../../model/units.ts';
import { BLOCK, BlockHashes } from '../proof/block-hashes.ts';
import { onTarget, writeWhole } from '../writers/target-errors.ts';

/** Blocks assembled at the same time: 64 MiB of memory. */
const OPEN_BLOCKS = 64;
/** Zeros are left out of the target in pieces of this size: the allocation unit of most file systems is a divisor of it. */
const HOLE = 64 * KiB;

export class BlockSink {
  readonly hashes: BlockHashes;
  /** Bytes put in so far. */
  received: Bytes = 0;
  readonly #file: FileHandle;
  readonly #name: string;
  /** In the order of their first piece. */
  readonly #open = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #closed = new Set<number>();

  /** `file` is all zeros and at least `size` bytes long; `name` is its path for errors. */
  constructor(options: { readonly file: FileHandle; readonly name: string; readonly size: Bytes }) {
    this.hashes = new BlockHashes(options.size);
    this.#file = options.file;
    this.#name = options.name;
  }

  /**
   * Puts bytes at an offset; what lies beyond the disk's end is dropped. `bytes` may be reused afterwards.
   * @throws MigrationError `image-unsupported` for a source in too wild an order; `target-full`, `target-write-failed`
   */
  async put(offset: Bytes, bytes: Uint8Array): Promise<void> {
    this.received += bytes.length;
    for (let at = 0; at < bytes.length && offset + at < this.hashes.size; ) {
      const index = Math.floor((offset + at) / BLOCK);
      const block = await this.#block(index);
      const part = bytes.subarray(at, at + block.length - (offset + at - index * BLOCK));
      block.set(part, offset + at - index * BLOCK);
      at += BLOCK - ((offset + at) % BLOCK);
    }
  }

  /** Writes what is still open. */
  async finish(): Promise<void> {
    for (const [index, block] of this.#open) await this.#close(index, block);
  }

  async #block(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const open = this.#open.get(index);
    if (open !== undefined) return open;
    if (this.#closed.has(index)) {
      throw new MigrationError(
        'image-unsupported',
        'The compressed image holds its blocks in too wild an order to be read as a stream.',
        {
          hint: 'Decompress it with gunzip first.',
        },
      );
    }
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size >= OPEN_BLOCKS) await this.#close(...oldest);
    const fresh = new Uint8Array(this.hashes.lengthOf(index));
    this.#open.set(index, fresh);
    return fresh;
  }

  async #close(index: number, block: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#open.delete(index);
    this.#closed.add(index);
    const [digest] = await Promise.all([subtle.digest('SHA-256', block), onTarget(this.#name, () => this.#write(index, block))]);
    this.hashes.set(index, new Uint8Array(digest));
  }

  async #write(index: number, block: Uint8Array): Promise<void> {
    for (let at = 0; at < block.length; at += HOLE) {
      const piece = block.subarray(at, at + HOLE);
      if (!ZEROS.subarray(0, piece.length).equals(piece)) await writeWhole(this.#file, index * BLOCK + at, piece);
    }
  }
}

const ZEROS = Buffer.alloc(HOLE);
