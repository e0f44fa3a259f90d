/** May the disk of an earlier run be kept? */
import { MigrationError } from '../model/errors.ts';
import type { TransferResult } from '../model/transfer.ts';
import { isThere, journalPath, keepForChange, openOwnJournal, removeJournal } from './job-target.ts';
import { FileJournalStore } from './journal/file-store.ts';
import { CELL } from './proof/cell-hashes.ts';
import { hashTarget } from './proof.ts';
import { sealed } from './prove-target.ts';
import { allocatedIn } from './ways/reader-way.ts';
import type { Run } from './ways/way.ts';
import { readMark, sameMark } from './writers/file-mark.ts';

/**
 * The earlier result when the finished target is as it was left: the same file by size, inode and time of change, or else (it was copied
 * or restored, or is a device) the same content by its proof. Undefined when there is none, or an unproven one where a proof is
 * wanted now, or one whose proof an earlier version made, or when the target is open for deltas: then its journal tells what is to be done.
 * @throws MigrationError `target-changed`
 */
export async function trustEarlier(run: Run, final: string): Promise<TransferResult | undefined> {
  const { job, options } = run;
  const earlier = options.earlier?.get(job.id);
  if (earlier === undefined || job.delta !== undefined || job.staysOpen === true) return undefined;
  if ((job.verify && earlier.proof === undefined) || earlier.size !== job.source.capacity) return undefined;
  if (job.target.kind === 'block-device' && earlier.proof === undefined) return undefined;
  const mark = await readMark(final);
  const comparable = earlier.proof === undefined || earlier.proof.blockSize === CELL;
  if (job.target.kind === 'raw-file') {
    if (mark === undefined) return undefined;
    if (earlier.target !== undefined && sameMark(earlier.target, mark)) return { ...earlier, moved: 0 };
    if (comparable && (mark.size !== earlier.size || earlier.proof === undefined)) throw changed(final);
  }
  if (!comparable) return undefined;
  if ((await hashTarget(final, { ...run, ...options })).root() !== earlier.proof?.root) throw changed(final);
  return { ...earlier, moved: 0, ...(mark === undefined ? {} : { target: mark }) };
}

/**
 * A file that got its final name just before the program was killed: its journal is still beside it, and it holds what the journal says.
 * Of a cold copy the journal is removed then. Undefined when it is anything else.
 */
export async function takePublished(
  run: Run,
  final: string,
  passId: string | undefined,
): Promise<Omit<TransferResult, 'seconds'> | undefined> {
  const { job, options } = run;
  const { id, source, target: place } = job;
  if (place.kind !== 'raw-file' || job.staysOpen === true || passId === undefined) return undefined;
  const mark = await readMark(final);
  const journalFile = journalPath(job, final);
  if (mark?.size !== source.capacity || (await isThere(`${final}.partial`)) || !(await isThere(journalFile))) return undefined;
  const store = new FileJournalStore(journalFile);
  await using journal = await openOwnJournal(store, job);
  const { hashes, pass } = journal;
  if (pass?.id !== passId) return undefined;
  const before = options.earlier?.get(id);
  const isSame = before?.target !== undefined && sameMark(before.target, mark);
  if (before !== undefined && isSame && before.proof?.root === hashes.root()) return { ...before, moved: 0 };
  const found = await hashTarget(final, { ...run, ...options });
  if (found.root() !== hashes.root()) return undefined;
  if (job.delta === undefined) await removeJournal(store, journalFile);
  await keepForChange(job, { final, hashes });
  const allocated = allocatedIn(hashes);
  const proof = job.verify ? { proof: sealed(hashes, allocated) } : {};
  const passes = journal.passes + (pass.ended ? 0 : 1);
  const transport = 'journal: an earlier run had finished the file';
  return { job: id, size: source.capacity, moved: 0, allocated, passes, transport, target: mark, ...proof };
}

function changed(file: string): MigrationError {
  return new MigrationError('target-changed', 'The finished disk is no longer as it was left.', { file });
}
