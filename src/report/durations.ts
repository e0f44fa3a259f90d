/** Predicted times, rates and waves in words. */
import type { Assumption, Bottleneck, Spread, WavePlan } from '../model/estimate.ts';
import { formatBytes } from '../model/units.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units at most: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. A prediction deserves no more digits. */
export function about(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < HOUR - MINUTE / 2) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < DAY - MINUTE / 2) return pair(Math.round(seconds / MINUTE), 60, ['h', 'min']);
  return pair(Math.round(seconds / HOUR), 24, ['d', 'h']);
}

function pair(small: number, size: number, [large, unit]: readonly [string, string]): string {
  const rest = small % size;
  return `${Math.floor(small / size)} ${large}${rest === 0 ? '' : ` ${rest} ${unit}`}`;
}

/** `2 h (1 h 10 min to 5 h)`; only the likely value where all are the same. */
export function spreadText({ low, likely, high }: Spread): string {
  const [best, middle, worst] = [about(low), about(likely), about(high)];
  return best === worst ? middle : `${middle} (${best} to ${worst})`;
}

/** A value of an assumption with its unit. */
export function figure(value: number, unit: Assumption['unit']): string {
  switch (unit) {
    case 'bytes':
      return formatBytes(Math.round(value));
    case 'bytes/s':
      return `${formatBytes(Math.round(value))}/s`;
    case 'seconds':
      return about(value);
    case 'share of the data a day':
      return `${Math.round(value * 1000) / 10} % of the data a day`;
    case 'transfers':
    case 'copies':
      return String(value);
  }
}

/** `74.0 MiB/s (26.5 MiB/s to 162 MiB/s)`, worst first where more is better. */
export function assumptionText({ value, unit, range }: Assumption): string {
  if (range === undefined) return figure(value, unit);
  const [low, high] = range.best < range.worst ? [range.best, range.worst] : [range.worst, range.best];
  return `${figure(value, unit)} (${figure(low, unit)} to ${figure(high, unit)})`;
}

/** `day 3, 0:00`: offsets from the start of the first wave, because nobody knows the date yet. */
export function startText(seconds: number): string {
  const minutes = Math.round((seconds % DAY) / MINUTE);
  return `day ${Math.floor(seconds / DAY) + 1}, +${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
}

export function bottleneckText({ limit, name, busy }: Bottleneck): string {
  const what = { link: 'the link', plan: 'transfers at once', host: 'host', datastore: 'datastore', target: 'storage class' }[
    limit
  ];
  return `${what}${name === undefined ? '' : ` ${name}`} (${Math.round(busy * 100)} % busy)`;
}

/** `6 waves in windows of 8 h, 5 d 3 h from the first to the last`. */
export function wavesLine({ waves, window }: WavePlan): string {
  const last = waves.at(-1);
  if (last === undefined) return 'no waves';
  const number = waves.length === 1 ? '1 wave' : `${waves.length} waves`;
  const every = window.everyHours === 24 ? 'a day' : `every ${window.everyHours} h`;
  return `${number}, one window of ${window.hours} h ${every}: ${about(last.endSeconds)} from start to end`;
}
