import { rename } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import { isThere } from '../job-target.ts';
import { startProgram } from '../program.ts';
import { onTarget } from '../writers/target-errors.ts';

/** Where one disk is. A file may not be finished yet: then it stands beside its name. */
export interface DiskPlace {
  /** Absolute path of the finished file, or of the block device. */
  readonly path: string;
  readonly block: boolean;
}

/**
 * Makes a whole disk at `to`: a copy of the one at `from`, or of what is there already and only lacks its name. Nothing else may write to either.
 * @throws MigrationError `target-changed` where there is no disk, `transfer-tool-failed`, `target-write-failed`, `canceled`
 */
export async function cloneDisk(from: DiskPlace | undefined, to: DiskPlace, signal: AbortSignal): Promise<void> {
  if (from === undefined) return await nameIt(to);
  const source = from.block ? from.path : await present(from.path);
  const aside = to.block ? to.path : `${to.path}.clone`;
  // A device is not made, and what an earlier owner left on it is overwritten with zeros where the disk holds zeros.
  const argv = ['convert', ...(to.block ? ['-n'] : []), '-f', 'raw', '-O', 'raw', source, aside];
  const program = await startProgram('qemu-img', argv, signal);
  program.stdout.resume();
  const { status, stderr } = await program.ended;
  signal.throwIfAborted();
  if (status !== 0)
    throw new MigrationError('transfer-tool-failed', `qemu-img cannot copy the disk: ${stderr || 'it does not say why'}`);
  if (!to.block) await onTarget(to.path, () => rename(aside, to.path));
}

async function nameIt({ path, block }: DiskPlace): Promise<void> {
  if (block || (await isThere(path))) return;
  const file = await present(path);
  await onTarget(path, () => rename(file, path));
}

async function present(path: string): Promise<string> {
  for (const file of [path, `${path}.partial`]) if (await isThere(file)) return file;
  throw new MigrationError('target-changed', 'The claim holds no disk.', { file: path });
}
