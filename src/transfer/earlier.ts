/** May the disk of an earlier run be kept? */
import type { CopyOptions } from '../contracts/disk-copier.ts';
import { MigrationError } from '../model/errors.ts';
import type { TransferJob, TransferResult } from '../model/transfer.ts';
import type { BlockWorkers } from './blocks/workers.ts';
import { hashTarget } from './proof.ts';
import type { Workspace } from './workspace.ts';
import { readMark, sameMark } from './writers/file-mark.ts';

/**
 * The earlier result when the finished file is as it was left: the same file by size, inode and time of change, or else
 * (it was copied or restored) the same content by its proof. Undefined when there is no such file, or an unproven one
 * where a proof is wanted now: the disk is to be copied again.
 * @throws MigrationError `target-changed`
 */
export async function trustEarlier(
  earlier: TransferResult,
  final: string,
  context: CopyOptions & { readonly job: TransferJob; readonly workspace: Workspace; readonly workers: BlockWorkers },
): Promise<TransferResult | undefined> {
  const { job } = context;
  const mark = await readMark(final);
  if (mark === undefined || (job.verify && earlier.proof === undefined)) return undefined;
  if (earlier.size !== job.source.capacity) return undefined;
  if (earlier.target !== undefined && sameMark(earlier.target, mark)) return earlier;
  if (mark.size !== earlier.size || earlier.proof === undefined) throw changed(final);
  if ((await hashTarget(final, context)).root() !== earlier.proof.root) throw changed(final);
  return { ...earlier, target: mark };
}

function changed(file: string): MigrationError {
  return new MigrationError('target-changed', 'The finished disk is no longer as it was left.', { file });
}
