/**
 * Bytes a second by day and hour: `Mon-Fri 08-18 = 50 MB/s, Sat+Sun 02-06 = 0, else unlimited, in Europe/Berlin`. Entries are separated by
 * commas, semicolons or lines; the first that holds counts. Days and hours may be absent (every day, all day); `22-06` begins on its day and
 * ends on the next; hours are 00 to 24, or quarters of them (`08:30`). `0` stops everything, `else` is unlimited where it is not written.
 * Hours are those of a clock on the wall: an hour that daylight saving repeats counts twice, one that it skips never comes.
 */
import { parseByteRate } from './byte-rate.ts';
import { isTimeZone } from './time-zone.ts';

/** Bytes a second; 0 stops everything. */
export type CalendarRate = number | 'unlimited';

export interface RateCalendar {
  /** IANA name. */
  readonly zone: string;
  readonly rules: readonly CalendarRule[];
  /** Where no rule holds. */
  readonly otherwise: CalendarRate;
}

export interface CalendarRule {
  /** 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes from midnight, multiples of 15; `until` is beyond 1440 where it is on the next day. */
  readonly from: number;
  readonly until: number;
  readonly rate: CalendarRate;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const DAY = 24 * 60;

const QUARTER_MS = 15 * 60_000;
/** A rule of one hour a week may miss one week, when daylight saving skips that hour. */
const LOOK_AHEAD = 15 * 24 * 4;

/** What holds at an instant (milliseconds since the epoch). */
export function rateAt({ zone, rules, otherwise }: RateCalendar, at: number): CalendarRate {
  const { day, minute } = wallClock(zone, at);
  const before = (day + 6) % 7;
  const rule = rules.find(
    ({ days, from, until }) =>
      (days.includes(day) && minute >= from && minute < until) || (days.includes(before) && minute + DAY < until),
  );
  return rule?.rate ?? otherwise;
}

/**
 * The next instant at which another rate holds; undefined when none comes within 15 days, and so never. Looks at each quarter of an hour:
 * there is no zone today whose clock differs from UTC by less, or is put forward or back at other times.
 */
export function nextChange(calendar: RateCalendar, at: number): number | undefined {
  const now = rateAt(calendar, at);
  let quarter = Math.floor(at / QUARTER_MS) * QUARTER_MS;
  for (let step = 0; step < LOOK_AHEAD; step += 1) {
    quarter += QUARTER_MS;
    if (rateAt(calendar, quarter) !== now) return quarter;
  }
  return undefined;
}

/** The calendar, or all that is wrong with the text, a sentence each. */
export function parseRateCalendar(text: string): RateCalendar | { readonly faults: readonly string[] } {
  const faults: string[] = [];
  const rules: CalendarRule[] = [];
  const zones: string[] = [];
  const defaults: CalendarRate[] = [];
  for (const entry of entriesOf(text)) {
    const [, word, rest = ''] = /^(in|else) +(.+)$/.exec(entry) ?? [];
    const rate = word === 'else' ? parseRate(rest) : undefined;
    const rule = word === undefined ? parseRule(entry) : undefined;
    if (word === 'in' && isTimeZone(rest)) zones.push(rest);
    else if (word === 'in') faults.push(`${rest} is no time zone: write it such as Europe/Berlin.`);
    else if (rate !== undefined) defaults.push(rate);
    else if (rule !== undefined) rules.push(rule);
    else faults.push(`«${entry}» is not understood: write it such as «Mon-Fri 08-18 = 50 MB/s» or «else unlimited».`);
  }
  const [zone, ...moreZones] = zones;
  if (zone === undefined && faults.length === 0) faults.push('A time zone is missing: add it such as «in Europe/Berlin».');
  if (moreZones.length > 0) faults.push('Only one time zone can hold.');
  if (defaults.length > 1) faults.push('Only one «else» can hold.');
  if (zone === undefined || faults.length > 0) return { faults };
  return { zone, rules, otherwise: defaults[0] ?? 'unlimited' };
}

/** What follows a `#` in a line is for people. */
function entriesOf(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => line.replace(/#.*$/, '').split(/[,;]/))
    .map((entry) => entry.trim().replaceAll(/\s+/g, ' '))
    .filter((entry) => entry !== '');
}

function parseRule(entry: string): CalendarRule | undefined {
  const match = /^(?:([A-Za-z][A-Za-z+-]*) ?)?(?:([\d:]+)-([\d:]+) ?)?= ?(.+)$/.exec(entry);
  if (match === null) return undefined;
  const days = match[1] === undefined ? EVERY_DAY : parseDays(match[1]);
  const from = parseTime(match[2] ?? '00');
  const end = parseTime(match[3] ?? '24');
  const rate = parseRate(match[4] ?? '');
  if (days === undefined || from === undefined || end === undefined || rate === undefined || from === end) return undefined;
  if (from === DAY) return undefined;
  return { days, from, until: end > from ? end : end + DAY, rate };
}

/** `Mon-Fri`, `Sat+Sun`, `Fri-Mon+Wed`. */
function parseDays(text: string): readonly number[] | undefined {
  const days = new Set<number>();
  for (const part of text.split('+')) {
    const [first, last = first, ...more] = part.split('-').map((name) => DAYS.indexOf(name));
    if (first === undefined || last === undefined || first < 0 || last < 0 || more.length > 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days];
}

function parseTime(text: string): number | undefined {
  const match = /^(\d{1,2})(?::(00|15|30|45))?$/.exec(text);
  const minutes = Number(match?.[1]) * 60 + Number(match?.[2] ?? 0);
  return minutes <= DAY ? minutes : undefined;
}

function parseRate(text: string): CalendarRate | undefined {
  if (text === 'unlimited') return text;
  return text === '0' ? 0 : parseByteRate(text);
}

/** Making a format is dear, using it is not; a process knows one calendar or a few. */
const CLOCKS = new Map<string, Intl.DateTimeFormat>();

function wallClock(zone: string, at: number): { readonly day: number; readonly minute: number } {
  let clock = CLOCKS.get(zone);
  if (clock === undefined) {
    const fields = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    clock = new Intl.DateTimeFormat('en-US', { ...fields, timeZone: zone });
    CLOCKS.set(zone, clock);
  }
  const part = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  return { day: DAYS.indexOf(part['weekday'] ?? ''), minute: Number(part['hour']) * 60 + Number(part['minute']) };
}
