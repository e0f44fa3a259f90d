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

/** The shortest way to write it: `1h30m`. @param seconds whole, more than 0 */
export function formatDuration(seconds: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}
