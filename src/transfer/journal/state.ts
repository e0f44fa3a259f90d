/**
 * What the records of a journal add up to. The same code replays a journal that is loaded and follows one that is written, so the two
 * cannot disagree. Pure.
 */
import type { Bytes } from '../../model/units.ts';
import { BlockHashes } from '../proof/block-hashes.ts';
import { BLOCK, DIGEST } from '../proof/cell-hashes.ts';
import { Bits } from './bits.ts';
import type { Pass } from './journal.ts';
import { type BlocksRecord, GROUP, type Header, type JournalRecord, VERSION } from './records.ts';

export class JournalState {
  readonly hashes: BlockHashes;
  readonly done: Bits;
  readonly dirty: Bits;
  /** Blocks with a hash of their own that were left as it says; neither zeros nor dirty. */
  readonly data: Bits;
  /** Blocks that were read back since they were last touched. */
  readonly proven: Bits;
  pass: (Pass & { readonly ended: boolean }) | undefined;
  passes = 0;
  blanked = false;
  closed = false;

  constructor(size: Bytes) {
    this.hashes = new BlockHashes(size);
    this.done = new Bits(this.hashes.count);
    this.dirty = new Bits(this.hashes.count);
    this.data = new Bits(this.hashes.count);
    this.proven = new Bits(this.hashes.count);
  }

  /** Bytes that a compacted journal has at least. */
  get liveBytes(): Bytes {
    return this.data.count * DIGEST;
  }

  /** False, and nothing is done, when the record speaks of blocks that the disk does not have. */
  apply(record: JournalRecord): boolean {
    switch (record.type) {
      case 'header':
        this.passes = record.passes;
        return true;
      case 'begun':
        this.done.clear();
        this.pass = { id: record.pass.id, kind: record.pass.kind, ended: false };
        return true;
      case 'ended':
        if (this.pass === undefined) return false;
        this.pass = { ...this.pass, ended: true };
        this.passes += 1;
        return true;
      case 'blanked':
        this.blanked = true;
        return true;
      case 'closed':
      case 'opened':
        this.closed = record.type === 'closed';
        return true;
      case 'intended':
        return this.#each(record.from, record.to, (block) => this.#set(block, 'dirty'));
      case 'zeros':
        return this.#each(record.from, record.to, (block) => this.#set(block, 'done'));
      case 'done':
        return this.#done(record.from, record.digests);
      case 'blocks':
        return this.#blocks(record);
      case 'proven':
        return this.#proven(record.from, record.blocks);
    }
  }

  /** The records that make the same state, the header first. */
  *snapshot(identity: Uint8Array): Generator<JournalRecord, void> {
    const { pass, passes, hashes } = this;
    const groups = [...this.#groups([this.done, this.dirty, this.data])];
    const proven = [...this.#groups([this.proven])];
    const begun: readonly JournalRecord[] = pass === undefined ? [] : [{ type: 'begun', pass: { id: pass.id, kind: pass.kind } }];
    const ended: readonly JournalRecord[] = pass?.ended ? [{ type: 'ended' }] : [];
    const blanked: readonly JournalRecord[] = this.blanked ? [{ type: 'blanked' }] : [];
    const closed: readonly JournalRecord[] = this.closed ? [{ type: 'closed' }] : [];
    const together = begun.length + ended.length + blanked.length + closed.length + groups.length + proven.length;
    const header = { type: 'header', version: VERSION, size: hashes.size, blockSize: BLOCK, identity } as const;
    yield { ...header, passes: passes - ended.length, together } satisfies Header;
    yield* [...begun, ...ended, ...blanked, ...closed];
    for (const from of groups) yield this.#group(from);
    for (const from of proven) yield { type: 'proven', from, blocks: this.proven.bytes(from, this.#endOf(from)) };
  }

  /** First blocks of the groups that have anything in these sets. */
  *#groups(sets: readonly Bits[]): Generator<number, void> {
    for (let from = 0; from < this.hashes.count; from += GROUP) {
      if (sets.some((set) => set.any(from, this.#endOf(from)))) yield from;
    }
  }

  /** Of a group. */
  #endOf(from: number): number {
    return Math.min(from + GROUP, this.hashes.count);
  }

  #group(from: number): BlocksRecord {
    const to = this.#endOf(from);
    const digests: Uint8Array[] = [];
    for (let block = from; block < to; block += 1) if (this.data.has(block)) digests.push(this.hashes.get(block));
    const [done, dirty, data] = [this.done.bytes(from, to), this.dirty.bytes(from, to), this.data.bytes(from, to)];
    return { type: 'blocks', from, to, done, dirty, data, digests: Buffer.concat(digests) };
  }

  #done(from: number, digests: Uint8Array): boolean {
    return this.#each(from, from + digests.length / DIGEST, (block) => {
      this.#set(block, 'done', digests.subarray((block - from) * DIGEST, (block - from + 1) * DIGEST));
    });
  }

  #blocks({ from, to, done, dirty, data, digests }: BlocksRecord): boolean {
    let at = 0;
    return this.#each(from, to, (block) => {
      const has = (bits: Uint8Array): boolean => isIn(bits, block - from);
      const digest = has(data) ? digests.subarray(at, at + DIGEST) : undefined;
      if (digest !== undefined) at += DIGEST;
      this.#set(block, has(dirty) ? 'dirty' : has(done) ? 'done' : 'untouched', digest);
    });
  }

  #proven(from: number, blocks: Uint8Array): boolean {
    const to = Math.min(from + 8 * blocks.length, this.hashes.count);
    return this.#each(from, to, (block) => {
      if (isIn(blocks, block - from) && !this.dirty.has(block)) this.proven.put(block, true);
    });
  }

  /** Without a digest the block is zeros, or unknown where it is dirty. Whatever it is, it was touched. */
  #set(block: number, state: 'untouched' | 'done' | 'dirty', digest?: Uint8Array): void {
    this.done.put(block, state === 'done');
    this.dirty.put(block, state === 'dirty');
    this.data.put(block, state !== 'dirty' && digest !== undefined);
    this.proven.put(block, false);
    if (digest !== undefined) this.hashes.set(block, digest);
    else this.hashes.setZero(block);
  }

  #each(from: number, to: number, work: (block: number) => void): boolean {
    if (!(from <= to && to <= this.hashes.count)) return false;
    for (let block = from; block < to; block += 1) work(block);
    return true;
  }
}

function isIn(bits: Uint8Array, index: number): boolean {
  return ((bits[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
}
