/** The options that say until when a VM that is at its target in a cluster can be taken back. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../model/duration.ts';
import { MigrationError } from '../../model/errors.ts';
import type { CommitPolicy } from '../../model/schedule.ts';

export interface CommitFlags {
  /** Seconds. */
  readonly commitWithin?: number | 'unlimited';
  readonly commitOtherwise?: CommitPolicy['otherwise'];
}

export function addCommitOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--commit-within <duration>',
        'migrated VMs can be taken back (`kubeferry rollback`) until somebody commits them (`kubeferry commit`), within 2h or the like, or unlimited (default: one that was seen to run is final)',
      )
        .argParser(parseWithin)
        .helpGroup('In the cluster:'),
    )
    .addOption(
      new Option('--commit-otherwise <what>', 'what follows when nobody has said anything by then (default: roll-back)')
        .choices(['roll-back', 'commit'])
        .helpGroup('In the cluster:'),
    );
}

/** Undefined: nobody has to commit anything. @throws MigrationError `usage` */
export function commitPolicy({ commitWithin, commitOtherwise }: CommitFlags): CommitPolicy | undefined {
  if (typeof commitWithin === 'number') return { within: commitWithin, otherwise: commitOtherwise ?? 'roll-back' };
  if (commitOtherwise !== undefined)
    throw new MigrationError('usage', '--commit-otherwise says what follows on a time that --commit-within does not name.', {
      hint: 'Say --commit-within 2h or the like as well.',
    });
  return commitWithin === undefined ? undefined : { otherwise: 'roll-back' };
}

/** @throws MigrationError `usage` where there is no cluster in which a VM could run and be taken back */
export function refuseCommit({ commitWithin, commitOtherwise }: CommitFlags): void {
  if (commitWithin === undefined && commitOtherwise === undefined) return;
  throw new MigrationError('usage', '--commit-within, --commit-otherwise: only where --to is cluster.', {
    hint: 'Nothing runs from a folder: its source stays off, and `kubeferry rollback DIR` says what brings it back.',
  });
}

function parseWithin(text: string): number | 'unlimited' {
  if (text === 'unlimited') return text;
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError('A duration such as 30m or 2h, or unlimited.');
  return seconds;
}
