import { rm } from 'node:fs/promises';
import { isThere } from './job-target.ts';
import { onTarget } from './writers/target-errors.ts';

/**
 * Removes a finished file that nothing speaks of any more, before its disk is copied anew: a volume has no room for two.
 * @param file its final path
 * @throws MigrationError `target-write-failed`
 */
export async function removeFinished(file: string): Promise<void> {
  // With its journal it was finished just now, and is taken as it is.
  if (await isThere(`${file}.journal`)) return;
  await onTarget(file, () => rm(file, { force: true }));
}
