/** The options that bound what a migration takes from hosts, datastores and links. A limits file may change them while it runs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BandwidthLimit } from '../contracts/bandwidth.ts';
import type { QueueLimits } from '../contracts/job-queue.ts';
import { MigrationError } from '../model/errors.ts';
import { parseRateCalendar } from '../model/rate-calendar.ts';
import { parseRate } from './forecast-options.ts';
import { readLimitsFile, readText, watchFile } from './limits-file.ts';

export interface LimitFlags {
  readonly parallelDisks: number;
  readonly parallelPerHost?: number;
  readonly parallelPerDatastore?: number;
  readonly bandwidth?: number;
  readonly bandwidthCalendar?: string;
  readonly limits?: string;
}

/** What a migration may take, now. */
export interface Limits {
  readonly queue: QueueLimits;
  readonly bandwidth: BandwidthLimit;
}

export function addLimitOptions(command: Command): Command {
  const group = 'Limits:';
  return command
    .addOption(
      new Option('--parallel-disks <n>', 'disks at once over all VMs, 1–64').argParser(atOnce).default(2).helpGroup(group),
    )
    .addOption(new Option('--parallel-per-host <n>', 'disks at once from one source host').argParser(atOnce).helpGroup(group))
    .addOption(new Option('--parallel-per-datastore <n>', 'disks at once from one datastore').argParser(atOnce).helpGroup(group))
    .addOption(
      new Option('--bandwidth <rate>', 'what all disks together may read from servers, such as 800Mbit or 50MB (per second)')
        .argParser(parseRate)
        .helpGroup(group),
    )
    .addOption(
      new Option(
        '--bandwidth-calendar <calendar>',
        'the same by day and hour: "Mon-Fri 08-18 = 50MB, else unlimited, in Europe/Berlin", or a file that says so',
      )
        .conflicts('bandwidth')
        .helpGroup(group),
    )
    .addOption(
      new Option('--limits <file>', 'YAML file with any of these limits; it is read again whenever it changes').helpGroup(group),
    );
}

export function atOnce(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 64) throw new InvalidArgumentError('A whole number from 1 to 64.');
  return number;
}

/**
 * What the options and their files say now.
 * @throws MigrationError `config-invalid`
 */
export async function readLimits(flags: LimitFlags): Promise<Limits> {
  const file = flags.limits === undefined ? {} : await readLimitsFile(flags.limits);
  const perHost = file['parallel-per-host'] ?? flags.parallelPerHost;
  const perDatastore = file['parallel-per-datastore'] ?? flags.parallelPerDatastore;
  const { bandwidth } = file;
  return {
    queue: {
      perPlan: file['parallel-disks'] ?? flags.parallelDisks,
      ...(perHost !== undefined && { perHost }),
      ...(perDatastore !== undefined && { perDatastore }),
    },
    bandwidth: bandwidth === undefined ? await bandwidthOf(flags) : bandwidth.limit,
  };
}

async function bandwidthOf({ bandwidth, bandwidthCalendar }: LimitFlags): Promise<BandwidthLimit> {
  if (bandwidthCalendar === undefined) return bandwidth;
  // Without a rule it would be no calendar, and every rule has its "=".
  const text = bandwidthCalendar.includes('=') ? bandwidthCalendar : await readText(bandwidthCalendar);
  const parsed = parseRateCalendar(text);
  if ('faults' in parsed) throw new MigrationError('config-invalid', `--bandwidth-calendar: ${parsed.faults.join('\n')}`);
  return parsed;
}

/**
 * Reads the limits file again whenever it changes, until it is disposed of. A file with mistakes changes nothing; both is told.
 */
export function followLimits(
  flags: LimitFlags,
  now: Limits,
  { apply, tell }: { readonly apply: (limits: Limits) => void; readonly tell: (text: string) => void },
): AsyncDisposable {
  const file = flags.limits;
  if (file === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  let known = JSON.stringify(now);
  const look = async (): Promise<void> => {
    try {
      const limits = await readLimits(flags);
      if (JSON.stringify(limits) === known) return;
      known = JSON.stringify(limits);
      apply(limits);
      tell('The limits were changed.');
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      tell(`The limits stay as they are: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}`);
    }
  };
  const stop = new AbortController();
  const watching = watchFile(file, look, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watching;
    },
  };
}
