/** Times as people write them on a command line, and as they are shown there. */

/** `2030-01-05T23:00`, seconds and zone as wanted; without a zone it is the time of this machine. */
const FORM = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/;

export const INSTANT_EXAMPLE = '2030-01-05T23:00:00Z or 2030-01-05T23:00+01:00';

/** Milliseconds since the epoch; undefined for what is no time, such as the 31st of February. */
export function parseInstant(text: string): number | undefined {
  const [, year, month, day] = FORM.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const at = Date.parse(text);
  return Number.isNaN(at) || date.getUTCDate() !== Number(day) || date.getUTCMonth() !== Number(month) - 1 ? undefined : at;
}

/** `14:05` on the same day, else `Mon 2030-01-05 14:05`: by the clock of this machine. @param now milliseconds since the epoch */
export function localText(instant: string, now: number): string {
  const at = new Date(instant);
  const two = (number: number): string => String(number).padStart(2, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date(now).toDateString()) return time;
  const weekday = at.toLocaleDateString('en-US', { weekday: 'short' });
  return `${weekday} ${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}
