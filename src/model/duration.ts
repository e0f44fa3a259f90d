/** Lengths of time as people write them: `90s`, `30m`, `1h30m`, `2d`. */

/** A pattern that RE2 understands too; it lets the empty text through. */
export const DURATION = /^([0-9]{1,5}d)?([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$/;

/** Seconds; undefined for what is no length of time, or none at all (`0s`). */
export function parseDuration(text: string): number | undefined {
  const found = text === '' ? undefined : DURATION.exec(text);
  if (found === undefined || found === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part = '0') => Number.parseInt(part, 10));
  const all = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  return all === 0 ? undefined : all;
}
