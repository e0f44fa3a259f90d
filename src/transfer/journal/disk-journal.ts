/** The journal of one disk on any store. @see TargetJournal for what it promises */
import { hash } from 'node:crypto';
import { MigrationError } from '../../model/errors.ts';
import type { Bytes } from '../../model/units.ts';
import type { BlockDigests } from '../blocks/task.ts';
import type { BlockHashes } from '../proof/block-hashes.ts';
import { BLOCK } from '../proof/cell-hashes.ts';
import { Bits } from './bits.ts';
import type { DiskJournal, JournalStore, Pass, TargetJournal } from './journal.ts';
import { JournalLog } from './log.ts';
import { GROUP, type Header, type JournalRecord, readRecords, VERSION } from './records.ts';
import { JournalState } from './state.ts';

export interface OpenJournalOptions {
  /** Belongs to the journal from now on: it is closed with it. It may still be removed by its owner. */
  readonly store: JournalStore;
  /** Guest-visible size of the disk. */
  readonly size: Bytes;
  /** Tells the source and all that decides which bytes it gives, apart from the pass. Of any length; only a hash of it is kept. */
  readonly identity: string;
}

/**
 * Opens the journal that is in the store, or begins one. A torn end is removed from the store.
 * @throws MigrationError `state-unreadable` when it is damaged; `state-foreign` when it belongs to another disk: then the store may
 * be removed, and a new journal opened on it. After an error the store is the caller's again.
 */
export async function openJournal(options: OpenJournalOptions): Promise<TargetJournal> {
  const { store, size } = options;
  const identity = hash('sha256', options.identity, 'buffer');
  const state = new JournalState(size);
  const log = new JournalLog({ store, state, identity });
  const loaded = await load(store, state, identity);
  if (loaded?.torn) state.proven.clear();
  if (loaded === undefined || loaded.torn) await log.compact();
  else log.continue(loaded.size, loaded.crc);
  return new LoggedJournal(store, state, log);
}

interface Loaded {
  readonly size: Bytes;
  readonly crc: number;
  readonly torn: boolean;
}

/** Undefined when the store is empty. */
async function load(store: JournalStore, state: JournalState, identity: Uint8Array): Promise<Loaded | undefined> {
  const records = readRecords(store.load());
  let header: Header | undefined;
  let count = 0;
  let [size, crc] = [0, 0];
  let next = await records.next();
  for (; next.done !== true; next = await records.next()) {
    const { record } = next.value;
    if (header === undefined) header = checkHeader(record, state.hashes.size, identity);
    else if (record.type === 'header') throw unreadable('It has a second header');
    if (!state.apply(record)) throw unreadable(`Its record ${count} cannot be`);
    count += 1;
    size = next.value.end;
    crc = next.value.crc;
  }
  const total = next.value;
  if (total === 0) return undefined;
  if (header === undefined) throw unreadable('Its header is damaged');
  if (count <= header.together) throw unreadable(`It is damaged at byte ${size}`);
  return { size, crc, torn: size < total };
}

function checkHeader(record: JournalRecord, size: Bytes, identity: Uint8Array): Header {
  if (record.type !== 'header') throw unreadable('It does not begin with a header');
  if (record.version !== VERSION) throw unreadable(`It has version ${record.version}; this program writes version ${VERSION}`);
  if (record.blockSize !== BLOCK) throw unreadable(`Its blocks have ${record.blockSize} bytes`);
  if (record.size === size && Buffer.from(identity).equals(record.identity)) return record;
  const of = record.size === size ? 'another source' : `a disk of ${record.size} bytes instead of ${size}`;
  throw new MigrationError('state-foreign', `The journal beside the target is that of ${of}.`);
}

function unreadable(why: string): MigrationError {
  return new MigrationError('state-unreadable', `The journal of the disk cannot be used. ${why}.`);
}

/** Blocks that were written but are not durable yet: the digest, or undefined for zeros. */
type Added = Map<number, Uint8Array | undefined>;

class LoggedJournal implements TargetJournal {
  readonly #store: JournalStore;
  readonly #state: JournalState;
  readonly #log: JournalLog;
  #added: Added = new Map();
  /** Those that a running commit took along. */
  readonly #committing = new Set<Added>();

  constructor(store: JournalStore, state: JournalState, log: JournalLog) {
    this.#store = store;
    this.#state = state;
    this.#log = log;
  }

  get hashes(): BlockHashes {
    return this.#state.hashes;
  }

  get pass(): DiskJournal['pass'] {
    return this.#state.pass;
  }

  get passes(): number {
    return this.#state.passes;
  }

  get blanked(): boolean {
    return this.#state.blanked;
  }

  stateOf(block: number): 'untouched' | 'done' | 'dirty' {
    if (this.#state.dirty.has(block)) return 'dirty';
    return this.#state.done.has(block) ? 'done' : 'untouched';
  }

  mayHoldData(block: number): boolean {
    return this.#state.dirty.has(block) || this.#state.data.has(block);
  }

  async markBlanked(): Promise<void> {
    await this.#log.append(() => [{ type: 'blanked' }]);
  }

  get closed(): boolean {
    return this.#state.closed;
  }

  async close(): Promise<void> {
    if (this.#state.dirty.count > 0)
      throw new Error(`The target cannot be handed out: ${this.#state.dirty.count} blocks are dirty`);
    const ended = this.#state.pass?.ended === true;
    await this.#log.append(() => [...(ended ? [] : [{ type: 'ended' } as const]), { type: 'closed' }]);
  }

  async reopen(): Promise<void> {
    await this.#log.append(() => [{ type: 'opened' }]);
  }

  isProven(block: number): boolean {
    return this.#state.proven.has(block);
  }

  async prove(blocks: Iterable<number>): Promise<void> {
    const groups = new Map<number, Bits>();
    for (const block of blocks) {
      this.#check(block, block + 1);
      const from = block - (block % GROUP);
      const group = groups.get(from) ?? new Bits(GROUP);
      group.put(block - from, true);
      groups.set(from, group);
    }
    const { count } = this.#state.hashes;
    const records = [...groups].map(([from, group]): JournalRecord => {
      return { type: 'proven', from, blocks: group.bytes(0, Math.min(GROUP, count - from)) };
    });
    await this.#log.append(() => records);
  }

  async begin({ id, kind }: Pass): Promise<void> {
    const last = this.#state.pass;
    if (last !== undefined && !last.ended && last.id === id && last.kind === kind) return;
    this.#added.clear();
    await this.#log.append(() => [{ type: 'begun', pass: { id, kind } }]);
  }

  async intend(from: number, to: number): Promise<void> {
    this.#check(from, to);
    for (let block = from; block < to; block += 1) this.#forget(block);
    await this.#log.append(() => [{ type: 'intended', from, to }]);
  }

  add(digests: BlockDigests): void {
    for (const { index, digest } of digests) {
      this.#check(index, index + 1);
      this.#forget(index);
      this.#added.set(index, digest);
    }
  }

  addZeros(from: number, to: number): void {
    this.#check(from, to);
    for (let block = from; block < to; block += 1) {
      this.#forget(block);
      this.#added.set(block, undefined);
    }
  }

  async commit(sync: () => Promise<void>): Promise<void> {
    const taken = this.#added;
    this.#added = new Map();
    this.#committing.add(taken);
    try {
      await sync();
      await this.#log.append(() => recordsOf(taken));
    } finally {
      this.#committing.delete(taken);
    }
  }

  async end(sync: () => Promise<void>): Promise<void> {
    await this.commit(sync);
    const dirty = this.#state.dirty.count;
    if (dirty > 0) throw new Error(`The pass cannot end: ${dirty} blocks are dirty`);
    await this.#log.append(() => [{ type: 'ended' }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log.idle();
    await this.#store[Symbol.asyncDispose]();
  }

  /** What was written before is not what the block will hold, even where a commit is on its way. */
  #forget(block: number): void {
    this.#added.delete(block);
    for (const taken of this.#committing) taken.delete(block);
  }

  #check(from: number, to: number): void {
    const { count } = this.#state.hashes;
    if (!(from >= 0 && from <= to && to <= count)) throw new RangeError(`The disk has no blocks ${from} to ${to}`);
  }
}

/** Neighbours go together into one record. */
function recordsOf(added: Added): readonly JournalRecord[] {
  const blocks = [...added].toSorted(([a], [b]) => a - b);
  const records: JournalRecord[] = [];
  for (let at = 0; at < blocks.length; ) {
    const run = runFrom(blocks, at);
    records.push(run.record);
    at += run.length;
  }
  return records;
}

function runFrom(
  blocks: readonly (readonly [number, Uint8Array | undefined])[],
  at: number,
): { record: JournalRecord; length: number } {
  const [from, first] = blocks[at] ?? [0, undefined];
  const digests: Uint8Array[] = [];
  let length = 0;
  for (let next = blocks[at]; next !== undefined && next[0] === from + length; next = blocks[at + length]) {
    const digest = next[1];
    if ((digest === undefined) !== (first === undefined) || digests.length === GROUP) break;
    if (digest !== undefined) digests.push(digest);
    length += 1;
  }
  if (first === undefined) return { record: { type: 'zeros', from, to: from + length }, length };
  return { record: { type: 'done', from, digests: Buffer.concat(digests) }, length };
}
