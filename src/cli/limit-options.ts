/** The options that bound what a migration takes from hosts, datastores and links. A limits file may change them while it runs. */
import { type Command, Option } from 'commander';
import type { BandwidthLimit } from '../contracts/bandwidth.ts';
import type { QueueLimits } from '../contracts/job-queue.ts';
import { MigrationError } from '../model/errors.ts';
import { parseRateCalendar } from '../model/rate-calendar.ts';
import { parseRate } from './forecast-options.ts';
import { type LimitsFile, readLimitsFile, readText, watchFile } from './limits-file.ts';
import { addParallelOptions, limitsOf, type ParallelFlags } from './parallel-options.ts';

export interface LimitFlags extends Partial<ParallelFlags> {
  readonly parallelDisks: number;
  readonly bandwidth?: number;
  readonly bandwidthCalendar?: string;
  readonly limits?: string;
}

/** What a migration may take, now. */
export interface Limits {
  readonly queue: QueueLimits;
  readonly bandwidth: BandwidthLimit;
}

/** Disks at once unless somebody says otherwise. */
const DISKS = 2;

export function addLimitOptions(command: Command): Command {
  const group = 'Limits:';
  return addParallelOptions(command, group, DISKS)
    .addOption(
      new Option('--bandwidth <rate>', 'what all disks together may read of their sources, such as 800Mbit or 50MB (per second)')
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
      new Option(
        '--limits <file>',
        'YAML file with any of these limits, named as here without the dashes in front; it is read again whenever it changes',
      ).helpGroup(group),
    );
}

/**
 * What the options and their files say now.
 * @throws MigrationError `config-invalid`
 */
export async function readLimits(flags: LimitFlags): Promise<Limits> {
  const { parallel = {}, bandwidth }: Partial<LimitsFile> = flags.limits === undefined ? {} : await readLimitsFile(flags.limits);
  return {
    queue: { ...limitsOf(flags), ...parallel },
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
