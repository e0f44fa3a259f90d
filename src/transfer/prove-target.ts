/**
 * Proves a filled target, and mends it once. What is read back is chosen here: everything of a cold copy, and of a pass over a target that
 * stays open, or did, what the journal does not know as proven.
 */
import { MigrationError } from '../model/errors.ts';
import type { DiskProof, TransferJob } from '../model/transfer.ts';
import { type Bytes, formatBytes } from '../model/units.ts';
import { wholeBlock } from './engine/plan.ts';
import type { JobTarget } from './job-target.ts';
import { Bits } from './journal/bits.ts';
import type { TargetJournal } from './journal/journal.ts';
import type { BlockHashes } from './proof/block-hashes.ts';
import { BLOCK, CELL } from './proof/cell-hashes.ts';
import { hashTarget, type ReadBack, type SomeBlocks, wrongBlocks } from './proof.ts';
import type { Run, Way } from './ways/way.ts';

/**
 * Reads the target back and compares it with what the source gave. Blocks that differ are read from the source and written once more; when
 * any still differs, they are left dirty in the journal, so that the next run brings them again. What is right is remembered where more
 * passes come.
 * @returns blocks that were brought once more
 * @throws MigrationError `proof-mismatch` naming the first block that differs; as reading and writing do
 */
export async function proveTarget(run: Run, way: Way, target: JobTarget): Promise<number> {
  const { job } = run;
  const { journal } = target;
  const blocks = blocksToProve(job, journal);
  const first = await findWrong(run, target, blocks);
  if (first.length > 0) {
    await distrust(target, first);
    await way.repair(target);
    const second = await findWrong(run, target, isCold(job) ? blocks : setOf(first, journal.hashes.count));
    if (second.length > 0) {
      await distrust(target, second);
      throw mismatch(second, journal.hashes);
    }
  }
  if (job.staysOpen === true) await journal.prove(blocks);
  return first.length;
}

/** @param allocated bytes that the source holds */
export function sealed(hashes: BlockHashes, allocated: Bytes): DiskProof {
  return { algorithm: 'sha256', blockSize: CELL, root: hashes.root(), size: hashes.size, allocated };
}

function isCold({ delta, staysOpen }: TransferJob): boolean {
  return delta === undefined && staysOpen !== true;
}

function blocksToProve(job: TransferJob, journal: TargetJournal): Bits {
  const all = isCold(job) || (job.proveAll === true && job.staysOpen !== true);
  const blocks = new Bits(journal.hashes.count);
  for (let block = 0; block < blocks.length; block += 1) blocks.put(block, all || !journal.isProven(block));
  return blocks;
}

function setOf(numbers: readonly number[], length: number): Bits {
  const set = new Bits(length);
  for (const number of numbers) set.put(number, true);
  return set;
}

async function findWrong({ job, options, workspace, workers }: Run, target: JobTarget, blocks: Bits): Promise<readonly number[]> {
  const { writer, journal, tags } = target;
  const { hashes } = journal;
  for (let index = 0; index < hashes.count; index += 1) {
    if (journal.stateOf(index) === 'dirty') throw new Error(`Block ${index} was left out`);
  }
  const expected = { hashes, tags };
  const all = { job, workspace, workers, expected, ...options };
  if (blocks.count === blocks.length) return [...hashes.differences(await hashTarget(writer.path, all))];
  const suspects = await wrongBlocks(writer.path, () => writtenOf(target, blocks), all);
  if (suspects.length === 0) return suspects;
  // Where a tag is not what it should be the SHA-256 of the block decides.
  const again = setOf(suspects, hashes.count);
  const whole = (index: number): ReadBack => ({ index, parts: [wholeBlock(index, hashes.size)] });
  return await wrongBlocks(writer.path, () => someOf(again, whole), all);
}

/** What is read back of blocks that were written. */
export function writtenOf(target: JobTarget, blocks: Bits): SomeBlocks {
  return someOf(blocks, (index) => readBack(target, index));
}

function someOf(blocks: Bits, readBackOf: (index: number) => ReadBack): SomeBlocks {
  let total = 0;
  for (const block of blocks) for (const { length } of readBackOf(block).parts) total += length;
  return { blocks: readBacks(blocks, readBackOf), total };
}

async function* readBacks(blocks: Bits, readBackOf: (index: number) => ReadBack): AsyncGenerator<ReadBack, undefined> {
  for (const index of blocks) yield readBackOf(index);
  return undefined;
}

/** Only the cells that were written, where these have a tag of their own: the others were read back before. */
function readBack(target: JobTarget, index: number): ReadBack {
  const { hashes } = target.journal;
  const whole = wholeBlock(index, hashes.size);
  const parts = partsOf(target, index);
  if (parts[0]?.length === whole.length) return { index, parts };
  const isTagged = target.tags?.get(index, hashes.get(index)) !== undefined;
  return isTagged ? { index, parts, onlyParts: true } : { index, parts: [whole] };
}

/** What this process wrote of a block; all of it where an earlier one did. */
function partsOf({ written, journal }: JobTarget, index: number): ReadBack['parts'] {
  const parts = written?.partsOf(index) ?? [];
  return parts.length > 0 ? parts : [wholeBlock(index, journal.hashes.size)];
}

/** From now on nobody knows what these blocks hold. */
export async function distrust({ journal }: Pick<JobTarget, 'journal'>, blocks: readonly number[]): Promise<void> {
  const { pass } = journal;
  // A pass that was ended must not look whole while a block of it is unknown.
  if (pass?.ended === true) await journal.begin({ id: `${pass.id}, repaired`, kind: 'delta' });
  await Promise.all(blocks.map((block) => journal.intend(block, block + 1)));
}

function mismatch([block = 0]: readonly number[], hashes: BlockHashes): MigrationError {
  const offset = block * BLOCK;
  const message = `Target and source differ in block ${block}, at ${formatBytes(offset)} of the disk.`;
  return new MigrationError('proof-mismatch', message, { at: `bytes ${offset} to ${offset + hashes.lengthOf(block) - 1}` });
}
