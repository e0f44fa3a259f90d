/**
 * Recurring windows by cron and time zone. Where the clocks go forward, a window that would open in the hour that is left out opens at
 * the leap (02:30 becomes 03:00); where they go back, it opens once, in the first of the two hours.
 */
import { Cron } from 'croner';
import { MigrationError } from '../../model/errors.ts';
import type { RecurringWindow, Span } from '../../model/schedule.ts';

const MINUTE = 60_000;
const MAX_MINUTES = 31 * 24 * 60;

/**
 * Spans of the window that are not over at `from`, in the order in which they open. A window may open again while it is open.
 * @throws MigrationError `config-invalid`
 */
export function* spansOf(window: RecurringWindow, from: number): Generator<Span, undefined> {
  const cron = cronOf(window);
  const length = window.minutes * MINUTE;
  // The one that is open at `from` opened after this.
  let opens = cron.nextRun(new Date(from - length))?.getTime();
  while (opens !== undefined) {
    yield { begin: opens, end: opens + length };
    opens = cron.nextRun(new Date(opens))?.getTime();
  }
  return undefined;
}

function cronOf({ cron, minutes, timeZone }: RecurringWindow): Cron {
  const refuse = (message: string, cause?: unknown): MigrationError =>
    new MigrationError('config-invalid', message, {
      hint: 'A window is cron (minute hour day month weekday), its length in minutes and a time zone such as Europe/Berlin.',
      cause,
    });
  if (!(Number.isSafeInteger(minutes) && minutes >= 1 && minutes <= MAX_MINUTES)) {
    throw refuse(`A window is open for 1 to ${MAX_MINUTES} minutes, not for ${minutes}.`);
  }
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
  } catch (error) {
    throw refuse(`There is no time zone "${timeZone}".`, error);
  }
  try {
    return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-part' });
  } catch (error) {
    throw refuse(`"${cron}" is no cron expression of five fields.`, error);
  }
}
