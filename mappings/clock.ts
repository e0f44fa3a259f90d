/** The hardware clock as the guest expects it, and the timers that Windows wants. */
import type { GuestOs } from '../src/model/guest-os/row.ts';
import type { ClockTimers, Domain } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import { isTimeZone } from '../src/model/time-zone.ts';
import type { Clock } from '../src/model/vm.ts';
import { knowsHyperv } from './guest-os.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

type ClockBase = { readonly utc: { readonly offsetSeconds?: number } } | { readonly timezone: string };

const WINDOWS_TIMERS: ClockTimers = {
  hpet: { present: false },
  pit: { tickPolicy: 'delay' },
  rtc: { tickPolicy: 'catchup' },
  hyperv: {},
};

export function mapClock(
  clock: Clock,
  os: GuestOs | undefined,
  { options, ledger }: { options: MappingOptions; ledger: Ledger },
): NonNullable<Domain['clock']> {
  const base = chooseBase(clock.rtc, os?.family === 'windows' ? options.timezone : undefined, ledger);
  if (!knowsHyperv(os)) return base;
  ledger.added({
    to: `${DOMAIN}.clock.timer`,
    value: 'Hyper-V reference time, no HPET, PIT delay, RTC catch-up',
    rule: 'clock-timers',
    because: 'The set that Windows keeps time best with under KVM.',
  });
  return { ...base, timer: WINDOWS_TIMERS };
}

/** `given`: the zone that the options name for guests that keep local time. */
function chooseBase(rtc: string | undefined, given: string | undefined, ledger: Ledger): ClockBase {
  const to = `${DOMAIN}.clock`;
  const rule = 'clock-base';
  if (rtc === undefined && given !== undefined && isTimeZone(given)) {
    const because =
      'The source does not say which time its hardware clock holds; Windows reads it as local time of the zone given by the option.';
    ledger.added({ to: `${to}.timezone`, value: given, rule, because });
    return { timezone: given };
  }
  if (rtc === undefined) {
    const because =
      'The source does not say which time its hardware clock holds. Windows reads it as local time, everybody else as UTC.';
    ledger.added({ to: `${to}.utc`, value: 'UTC', rule, because });
    return { utc: {} };
  }
  if (/^(utc|gmt|z|etc\/utc)$/i.test(rtc)) {
    ledger.kept({
      from: 'clock.rtc',
      to: `${to}.utc`,
      was: rtc,
      value: 'UTC',
      rule,
      because: 'The hardware clock holds UTC, as before.',
    });
    return { utc: {} };
  }
  const offset = parseOffset(rtc);
  if (offset !== undefined) {
    const because = 'The hardware clock keeps its fixed distance from UTC.';
    ledger.kept({ from: 'clock.rtc', to: `${to}.utc.offsetSeconds`, was: rtc, value: offset, rule, because });
    return { utc: { offsetSeconds: offset } };
  }
  if (isTimeZone(rtc)) {
    const because = 'The hardware clock holds the local time of this zone, as before.';
    ledger.kept({ from: 'clock.rtc', to: `${to}.timezone`, was: rtc, value: rtc, rule, because });
    return { timezone: rtc };
  }
  const because = 'This is no time zone that is known; KubeVirt would accept it and the VM would not start. UTC instead.';
  ledger.changed({ from: 'clock.rtc', to: `${to}.utc`, was: rtc, value: 'UTC', rule, because });
  return { utc: {} };
}

/** `+02:00`, `UTC-5`, `-0330` in seconds. */
function parseOffset(text: string): number | undefined {
  const match = /^(?:utc|gmt)?([+-])(\d{1,2})(?::?([0-5]\d))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, hours = '0', minutes = '0'] = match;
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  if (seconds > 14 * 3600) return undefined;
  return sign === '-' && seconds > 0 ? -seconds : seconds;
}
