/** How long to wait before another try: twice as long each time, and never the same for two lanes that failed together. */

const FIRST_MS = 250;
const LONGEST_MS = 15_000;
/** A server that asks for more has to be asked again meanwhile. */
const LONGEST_ASKED_MS = 60_000;

/**
 * Milliseconds.
 * @param failures tries that have failed, ≥ 1
 * @param random from 0 to 1
 */
export function backoff(failures: number, random: number): number {
  const most = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return (most * (1 + random)) / 2;
}

/** Milliseconds that `Retry-After` asks for (RFC 9110 §10.2.3: seconds or a date), a minute at most; 0 when it says nothing usable. */
export function retryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  const asked = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), LONGEST_ASKED_MS) : 0;
}
