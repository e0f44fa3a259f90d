/**
 * The second reading of sources that are read as a whole, from one end to the other: a decoder's image, a compressed one, an export. The reading
 * is brought to nowhere, for its hashes alone, and these are compared with what is known of the first one. Where the two differ a third
 * reading decides, as in engine/recheck.ts: it goes onto the target.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import type { Bytes } from '../../model/units.ts';
import type { DiskJournal } from '../journal/journal.ts';
import { BlockHashes } from '../proof/block-hashes.ts';
import type { BlockTags } from '../proof/block-tags.ts';
import type { DiskWriter } from '../writers/writer.ts';

/** A source that differs in more blocks than this does not hold still. */
const MAX_DIFFERENT = 10_000;

/** What a reading is brought onto. */
export interface ReadingTarget {
  readonly writer: DiskWriter;
  readonly journal: DiskJournal;
  /** Where blocks are tagged, for their read back. */
  readonly tags?: BlockTags | undefined;
}

/**
 * @param read brings onto a target what its journal does not hold as done, and commits it
 * @returns blocks of the first reading that were wrong and have been corrected on the target
 * @throws MigrationError `source-read-failed` when three readings give three contents; as `read` does
 */
export async function readTwice(read: (target: ReadingTarget) => Promise<unknown>, target: ReadingTarget): Promise<number> {
  const { journal } = target;
  const second = new HashesOnly(journal.hashes.size);
  await using nowhere = await openNowhere(target.writer);
  await read({ writer: nowhere, journal: second });
  const different = [...journal.hashes.differences(second.hashes).take(MAX_DIFFERENT + 1)];
  if (different.length === 0) return 0;
  if (different.length > MAX_DIFFERENT) throw unsteady(different.length);
  const first = new Map(different.map((index) => [index, Uint8Array.from(journal.hashes.get(index))]));
  await Promise.all(different.map((index) => journal.intend(index, index + 1)));
  await read(target);
  let corrected = 0;
  for (const [index, digest] of first) {
    const third = journal.hashes.get(index);
    if (Buffer.compare(third, digest) === 0) continue;
    // A block that an image comes back to is not seen whole by a reading to nowhere: then the third reading stands against the first.
    if (Buffer.compare(third, second.hashes.get(index)) !== 0) throw unsteady(1);
    corrected += 1;
  }
  return corrected;
}

function unsteady(blocks: number): MigrationError {
  const count = blocks > MAX_DIFFERENT ? `more than ${MAX_DIFFERENT} blocks` : blocks === 1 ? '1 block' : `${blocks} blocks`;
  return new MigrationError('source-read-failed', `The source gives other bytes each time it is read (${count}).`);
}

/** Takes everything and keeps nothing. */
async function openNowhere({ path, size }: DiskWriter): Promise<DiskWriter> {
  const file: FileHandle = await open('/dev/null', 'r+');
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    fd: file.fd,
    path,
    size,
    blank: true,
    write: nothing,
    zero: nothing,
    read: async (_, into) => void into.fill(0),
    sync: nothing,
    publish: () => Promise.resolve(undefined),
    discard: nothing,
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** The journal of a target that is nowhere: what is added is known at once and kept by nobody. */
class HashesOnly implements DiskJournal {
  readonly hashes: BlockHashes;
  readonly pass = undefined;
  readonly passes = 0;

  constructor(size: Bytes) {
    this.hashes = new BlockHashes(size);
  }

  stateOf(): 'untouched' {
    return 'untouched';
  }

  mayHoldData(): boolean {
    return false;
  }

  add(digests: Parameters<DiskJournal['add']>[0]): void {
    this.hashes.setAll(digests);
  }

  addZeros(from: number, to: number): void {
    for (let index = from; index < to; index += 1) this.hashes.setZero(index);
  }

  async begin(): Promise<void> {}

  async intend(): Promise<void> {}

  async commit(sync: () => Promise<void>): Promise<void> {
    await sync();
  }

  async end(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
