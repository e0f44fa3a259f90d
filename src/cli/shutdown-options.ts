/** How a running source is brought to rest, and whether it is started again when its migration fails. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { PowerOffOptions, ShutdownPolicy } from '../contracts/provider.ts';

export interface ShutdownFlags {
  readonly shutdownGrace: number;
  readonly shutdownOtherwise: ShutdownPolicy;
  readonly leaveSourceOff: boolean;
}

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
    .option('--leave-source-off', 'do not start a source again that was stopped for a migration that failed', false);
}

/** What the flags mean to the steps. */
export function shutdownOptions({ shutdownGrace, shutdownOtherwise, leaveSourceOff }: ShutdownFlags): {
  readonly shutdown: PowerOffOptions;
  readonly powerOnAfterFailure: boolean;
} {
  return {
    // Without any time nobody can shut down: whoever says 0 means the power.
    shutdown: { graceSeconds: shutdownGrace, otherwise: shutdownGrace === 0 ? 'force' : shutdownOtherwise },
    powerOnAfterFailure: !leaveSourceOff,
  };
}

function seconds(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > MOST_SECONDS) {
    throw new InvalidArgumentError(`A whole number from 0 to ${MOST_SECONDS}.`);
  }
  return number;
}
