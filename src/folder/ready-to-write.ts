import { lstat, statfs } from 'node:fs/promises';
import type { RenderedFile } from '../contracts/destination.ts';
import { MigrationError } from '../model/errors.ts';
import { ownPlacements } from '../model/own-placements.ts';
import type { VmPlan } from '../model/plan.ts';
import { formatBytes } from '../model/units.ts';
import { isCode } from './durable-file.ts';

export interface ReadyOptions {
  readonly folder: string;
  /** What is written when the VM is made. */
  readonly files: readonly RenderedFile[];
  /** Where the bytes of a disk go. */
  readonly fileOf: (diskKey: string) => string;
}

/** Bytes beside the content of a file: its blocks, and the copy that stands aside until it is synced. */
const BESIDE = 64 * 1024;

/**
 * What writing a VM out will need, looked at while its source runs: room for its files, and disks that are where they were copied to.
 * @throws MigrationError `target-full`, `target-changed`
 */
export async function readyToWrite(plan: VmPlan, { folder, files, fileOf }: ReadyOptions): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = files.reduce((sum, { content }) => sum + lengthOf(content) + BESIDE, 0);
  if (bavail * bsize < needed)
    throw new MigrationError(
      'target-full',
      `${folder} has ${formatBytes(bavail * bsize)} left, and the files of the VM need ${formatBytes(needed)}.`,
      { file: folder },
    );
  // The disks of a cold VM come later.
  if (plan.type === 'cold') return;
  for (const { disk } of ownPlacements(plan)) {
    const file = fileOf(disk);
    if ((await isFile(`${file}.partial`)) || (await isFile(file))) continue;
    throw new MigrationError('target-changed', `The file that ${disk} was copied to is gone.`, { file });
  }
}

function lengthOf(content: RenderedFile['content']): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  let length = 0;
  for (const piece of content) length += Buffer.byteLength(piece);
  return length;
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isFile();
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return false;
    throw new MigrationError('target-write-failed', `Cannot look at ${file}.`, { file, cause: error });
  }
}
