/**
 * The hash of every 1 MiB block of a disk (see cell-hashes.ts). SHA-256, because OpenSSL runs it on the processor's own instructions (measured 1.4 GB/s
 * per core) and anybody can check it; blocks, because a delta of a few bytes later needs one block hashed anew, not the disk.
 * Blocks of zeros cost nothing: their hash is known. Held are 32 bytes for a block, in groups of 1 GiB that
 * exist only where there is data: 32 MiB of memory for each TiB of data. Pure.
 */
import { createHash } from 'node:crypto';
import type { Bytes } from '../../model/units.ts';
import { BLOCK, blockHash, DIGEST, hashCells } from './cell-hashes.ts';

const GROUP = 1024;

export class BlockHashes {
  readonly size: Bytes;
  /** Number of blocks; the last one may be short. */
  readonly count: number;
  readonly #groups = new Map<number, Buffer>();
  readonly #lastZero: Buffer;

  /** All blocks are zeros until they are set. */
  constructor(size: Bytes) {
    this.size = size;
    this.count = Math.ceil(size / BLOCK);
    this.#lastZero = size % BLOCK === 0 ? ZERO : hashOf(new Uint8Array(size % BLOCK));
  }

  /** Bytes of a block: BLOCK, or less for the last one. */
  lengthOf(index: number): Bytes {
    return Math.min(BLOCK, this.size - index * BLOCK);
  }

  set(index: number, digest: Uint8Array): void {
    this.#check(index);
    const group = Math.floor(index / GROUP);
    let held = this.#groups.get(group);
    if (held === undefined) {
      held = this.#zeroGroup(group);
      this.#groups.set(group, held);
    }
    held.set(digest, (index % GROUP) * DIGEST);
  }

  /** The hash that is held for a block; not a copy. */
  get(index: number): Uint8Array {
    this.#check(index);
    const held = this.#groups.get(Math.floor(index / GROUP));
    const at = (index % GROUP) * DIGEST;
    return held === undefined ? this.#zeroDigest(index) : held.subarray(at, at + DIGEST);
  }

  /** Whether a block is held to be zeros. */
  isZero(index: number): boolean {
    return !this.#groups.has(Math.floor(index / GROUP)) || this.#zeroDigest(index).equals(this.get(index));
  }

  /** Says that a block is zeros. */
  setZero(index: number): void {
    if (this.#groups.has(Math.floor(index / GROUP))) this.set(index, this.#zeroDigest(index));
  }

  setAll(digests: Iterable<{ readonly index: number; readonly digest: Uint8Array }>): void {
    for (const { index, digest } of digests) this.set(index, digest);
  }

  /** All hashes in order, some at a time. Not copies. */
  *groups(): Generator<Uint8Array, undefined> {
    for (let group = 0; group * GROUP < this.count; group += 1) yield this.#group(group);
    return undefined;
  }

  /** Hash over all block hashes in order, then the size as 8 bytes, most significant first. Hexadecimal. */
  root(): string {
    const root = createHash('sha256');
    for (const group of this.groups()) root.update(group);
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(this.size));
    return root.update(size).digest('hex');
  }

  /** Numbers of the blocks that differ, in order. Both cover disks of one size. */
  *differences(other: BlockHashes): Generator<number, undefined> {
    const groups = new Set([...this.#groups.keys(), ...other.#groups.keys()]);
    for (const group of [...groups].toSorted((a, b) => a - b)) {
      if (this.#group(group).equals(other.#group(group))) continue;
      for (let index = group * GROUP; index < Math.min((group + 1) * GROUP, this.count); index += 1) {
        if (Buffer.compare(this.get(index), other.get(index)) !== 0) yield index;
      }
    }
    return undefined;
  }

  #check(index: number): void {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`The disk has no block ${index}`);
  }

  #group(group: number): Buffer {
    return this.#groups.get(group) ?? this.#zeroGroup(group);
  }

  #zeroGroup(group: number): Buffer {
    const blocks = Math.min(GROUP, this.count - group * GROUP);
    const hashes = Buffer.alloc(blocks * DIGEST);
    for (let index = 0; index < blocks; index += 1) {
      hashes.set(this.#zeroDigest(group * GROUP + index), index * DIGEST);
    }
    return hashes;
  }

  #zeroDigest(index: number): Buffer {
    return index === this.count - 1 ? this.#lastZero : ZERO;
  }
}

function hashOf(block: Uint8Array): Buffer {
  return blockHash(hashCells(block));
}

const ZERO = hashOf(new Uint8Array(BLOCK));
