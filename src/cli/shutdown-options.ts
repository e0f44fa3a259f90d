/** How a running source is brought to rest, whether it is started again when its migration fails, and what becomes of it when it does not. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { PowerOffOptions, ShutdownPolicy } from '../contracts/provider.ts';
import { MigrationError } from '../model/errors.ts';
import type { AfterCommit } from '../model/source-retirement.ts';

export interface ShutdownFlags {
  readonly shutdownGrace: number;
  readonly shutdownOtherwise: ShutdownPolicy;
  readonly leaveSourceOff: boolean;
  readonly afterFailure?: FailurePolicy;
  readonly sourceRename?: string;
  readonly sourceFolder?: string;
  readonly sourceDisconnect?: true;
}

const FAILURE_POLICIES = ['always', 'ask', 'never'] as const;

export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

const MOST_SECONDS = 3600;

export function addShutdownOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--shutdown-grace <seconds>', 'time for a running guest to shut down; 0 cuts the power at once')
        .argParser(seconds)
        .default(300),
    )
    .addOption(
      new Option('--shutdown-otherwise <policy>', 'what follows when it does not: cut the power, or fail')
        .choices(['force', 'fail'])
        .default('fail'),
    )
    .option('--leave-source-off', 'do not start a source again that was stopped for a migration that failed', false)
    .addOption(
      new Option(
        '--after-failure <policy>',
        'start a source again that was stopped for a migration that failed: always, never, or once somebody says so (default: always)',
      ).choices(FAILURE_POLICIES),
    )
    .option('--source-rename <suffix>', 'append this to the name of a source whose VM is at the target for good')
    .option('--source-folder <path>', 'move such a source to this folder of VMs of its datacenter')
    .option('--source-disconnect', 'disconnect the network cards of such a source');
}

/** What becomes of a source whose VM is at the target for good; undefined where nothing was asked for. */
export function afterCommit({ sourceRename, sourceFolder, sourceDisconnect }: Partial<ShutdownFlags>): AfterCommit | undefined {
  const wanted = {
    ...(sourceRename !== undefined && { rename: sourceRename }),
    ...(sourceFolder !== undefined && { folder: sourceFolder }),
    ...(sourceDisconnect && { disconnectNics: true }),
  };
  return Object.keys(wanted).length === 0 ? undefined : wanted;
}

/** What is said twice has to be the same. @throws MigrationError `usage` */
export function failurePolicy({
  leaveSourceOff,
  afterFailure,
}: Pick<ShutdownFlags, 'leaveSourceOff' | 'afterFailure'>): FailurePolicy {
  if (!leaveSourceOff || afterFailure === 'never') return afterFailure ?? 'always';
  if (afterFailure === undefined) return 'never';
  throw new MigrationError('usage', `--leave-source-off contradicts --after-failure ${afterFailure}.`);
}

/** What the flags mean to the steps. */
export function shutdownOptions(flags: ShutdownFlags): {
  readonly shutdown: PowerOffOptions;
  readonly powerOnAfterFailure: boolean | 'ask';
} {
  const { shutdownGrace, shutdownOtherwise } = flags;
  const policy = failurePolicy(flags);
  return {
    // Without any time nobody can shut down: whoever says 0 means the power.
    shutdown: { graceSeconds: shutdownGrace, otherwise: shutdownGrace === 0 ? 'force' : shutdownOtherwise },
    powerOnAfterFailure: policy === 'ask' ? policy : policy === 'always',
  };
}

function seconds(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > MOST_SECONDS) {
    throw new InvalidArgumentError(`A whole number from 0 to ${MOST_SECONDS}.`);
  }
  return number;
}
