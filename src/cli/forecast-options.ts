/** Options about what a prediction rests on: link, limits and windows. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseByteRate } from '../model/byte-rate.ts';
import type { TransferLimits } from '../model/estimate.ts';
import type { PrepareRequest } from '../prepare.ts';

export interface ForecastFlags {
  readonly linkRate?: number;
  readonly windowHours?: number;
}

export function addForecastOptions(command: Command): Command {
  const group = 'Predictions:';
  return command
    .addOption(
      new Option('--link-rate <rate>', 'what the link to the target carries in all, such as 10Gbit or 400MiB (per second)')
        .argParser(parseRate)
        .helpGroup(group),
    )
    .addOption(
      new Option('--window-hours <h>', 'length of a migration window; one a day (default: 8)')
        .argParser(parseHours)
        .helpGroup(group),
    );
}

/** @param limits of how much is moved at once */
export function forecastOptions(
  { linkRate, windowHours }: ForecastFlags,
  limits: TransferLimits = {},
): PrepareRequest['forecast'] {
  return {
    ...(linkRate === undefined ? {} : { link: { total: linkRate } }),
    limits,
    ...(windowHours === undefined ? {} : { window: { hours: windowHours } }),
  };
}

/** Bytes a second. */
export function parseRate(text: string): number {
  const rate = parseByteRate(text);
  if (rate === undefined) throw new InvalidArgumentError('A rate such as 10Gbit, 800Mbit or 400MiB.');
  return rate;
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (!(hours > 0 && hours <= 24)) throw new InvalidArgumentError('Hours above 0 and up to 24.');
  return hours;
}
