/**
 * `kubeferry rollback DIR`. Nothing runs from a folder, and nobody here can reach what was made of it: the way back is two acts of a person. What it needs is
 * known, and told for each VM.
 */
import type { FolderVm } from '../../contracts/folder-migration.ts';
import { MigrationError } from '../../model/errors.ts';
import { isMigrated } from '../../model/phase.ts';
import type { VmProgress } from '../../model/plan.ts';

/** @param worker process that migrates at the moment */
export function wayBack(folder: string, vms: readonly FolderVm[], worker: number | undefined): MigrationError {
  const lines = vms.map(({ name, progress }) => `  ${name}: ${stand(progress, worker)}`);
  return new MigrationError(
    'usage',
    [`Nothing was changed: what runs of ${folder} was started by others, and only they can stop it.`, ...lines].join('\n'),
    {
      hint: `Stop what runs of the folder before its source starts: the two answer to the same addresses. \`kubeferry verify ${folder}\` tells which disks were written to since the cutover; that is not carried back.`,
    },
  );
}

function stand(progress: VmProgress | undefined, worker: number | undefined): string {
  if (progress?.sourceStopped !== true) return 'this migration has not stopped its source; there is nothing to take back.';
  const { phase, failure } = progress;
  if (failure?.source === 'started-again')
    return 'its source was started again when the migration ended; there is nothing to take back.';
  if (isMigrated(phase)) return 'its source is off, and stays off: start it there, once nothing runs of this folder.';
  if (failure !== undefined) return 'its source was left off: start it there, or go on with `kubeferry migrate … --resume`.';
  return worker === undefined
    ? 'it was interrupted at its cutover with its source off: start that there, or go on with `kubeferry migrate … --resume`.'
    : `it is at its cutover: Ctrl-C where it runs, or SIGINT to process ${worker}, starts its source again.`;
}
