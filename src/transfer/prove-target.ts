/** Proves a filled target, and mends it once. */
import { MigrationError } from '../model/errors.ts';
import type { DiskProof } from '../model/transfer.ts';
import { type Bytes, formatBytes } from '../model/units.ts';
import type { JobTarget } from './job-target.ts';
import type { BlockHashes } from './proof/block-hashes.ts';
import { BLOCK, CELL } from './proof/cell-hashes.ts';
import { hashTarget } from './proof.ts';
import type { Run, Way } from './ways/way.ts';

export interface Proven {
  readonly proof: DiskProof;
  /** Blocks of the target that were brought once more. */
  readonly mended: number;
}

export interface ProveOptions {
  readonly target: JobTarget;
  /** Bytes that the source holds. */
  readonly allocated: Bytes;
}

/**
 * Reads the target back and compares it with what the source gave. Blocks that differ are read from the source and written once more; when
 * any still differs, they are left dirty in the journal, so that the next run brings them again.
 * @throws MigrationError `proof-mismatch` naming the first block that differs; as reading and writing do
 */
export async function proveTarget(run: Run, way: Way, { target, allocated }: ProveOptions): Promise<Proven> {
  const first = await findWrong(run, target);
  if (first.length > 0) {
    await distrust(target, first);
    await way.repair(target);
    const second = await findWrong(run, target);
    if (second.length > 0) {
      await distrust(target, second);
      throw mismatch(second, target.journal.hashes);
    }
  }
  return { proof: sealed(target.journal.hashes, allocated), mended: first.length };
}

export function sealed(hashes: BlockHashes, allocated: Bytes): DiskProof {
  return { algorithm: 'sha256', blockSize: CELL, root: hashes.root(), size: hashes.size, allocated };
}

async function findWrong(
  { job, options, workspace, workers }: Run,
  { writer, journal, tags }: JobTarget,
): Promise<readonly number[]> {
  for (let index = 0; index < journal.hashes.count; index += 1) {
    if (journal.stateOf(index) === 'dirty') throw new Error(`Block ${index} was left out`);
  }
  const { hashes } = journal;
  const expected = { hashes, tags };
  return [...hashes.differences(await hashTarget(writer.path, { job, workspace, workers, expected, ...options }))];
}

async function distrust({ journal }: JobTarget, blocks: readonly number[]): Promise<void> {
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
