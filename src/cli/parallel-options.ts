/** How many disks may be moved at once: the same options for a migration, which is held to them, and for what predicts one. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TransferLimits } from '../model/estimate.ts';

export interface ParallelFlags {
  readonly parallelDisks: number;
  readonly parallelPerHost: number;
  readonly parallelPerDatastore: number;
  readonly parallelPerTarget: number;
}

/** @param disks unless the user says otherwise */
export function addParallelOptions(command: Command, group: string, disks?: number): Command {
  return command
    .addOption(
      new Option('--parallel-disks <n>', 'disks at once over all VMs, 1–64').argParser(atOnce).default(disks).helpGroup(group),
    )
    .addOption(new Option('--parallel-per-host <n>', 'disks at once from one source host').argParser(atOnce).helpGroup(group))
    .addOption(new Option('--parallel-per-datastore <n>', 'disks at once from one datastore').argParser(atOnce).helpGroup(group))
    .addOption(
      new Option('--parallel-per-target <n>', 'disks at once to one file system (of a folder) or storage class (of a cluster)')
        .argParser(atOnce)
        .helpGroup(group),
    );
}

export function atOnce(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 64) throw new InvalidArgumentError('A whole number from 1 to 64.');
  return number;
}

export function limitsOf(flags: { readonly [Name in keyof ParallelFlags]?: number | undefined }): TransferLimits {
  const { parallelDisks, parallelPerHost, parallelPerDatastore, parallelPerTarget } = flags;
  return {
    ...(parallelDisks !== undefined && { perPlan: parallelDisks }),
    ...(parallelPerHost !== undefined && { perHost: parallelPerHost }),
    ...(parallelPerDatastore !== undefined && { perDatastore: parallelPerDatastore }),
    ...(parallelPerTarget !== undefined && { perTarget: parallelPerTarget }),
  };
}

/** The same where everything goes to one file system. */
export function toOneTarget({ perTarget, perPlan, ...limits }: TransferLimits): TransferLimits {
  const most = Math.min(perTarget ?? Number.POSITIVE_INFINITY, perPlan ?? Number.POSITIVE_INFINITY);
  return { ...limits, ...(Number.isFinite(most) && { perPlan: most }) };
}
