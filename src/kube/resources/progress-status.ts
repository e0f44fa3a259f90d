/** What a progress says, cut to what the definition of VmMigration takes: sentences come from servers and guests, and have no bounds of their own. Pure. */
import type { GuestOutcome } from '../../model/conversion.ts';
import type { Failure, WarmProgress } from '../../model/plan.ts';
import type { DowntimeForecast, Outlook } from '../../model/precopy.ts';
import type { VmMigrationStatus } from '../../resources/vm-migration.ts';

const SENTENCE = 1024;
const MESSAGE = 4096;
const ADVICE = 8;
const OUTDATED = 256;
const PATH = 1024;
const CHANGES = 64;
const WARNINGS = 32;
const NICS = 64;

type Status<Field extends keyof VmMigrationStatus> = NonNullable<VmMigrationStatus[Field]>;

export function failureWithin({ message, hint, ...failure }: Failure): Status<'failure'> {
  return { ...failure, message: message.slice(0, MESSAGE), hint: hint.slice(0, MESSAGE) };
}

export function warmWithin({ held, checkpoints, outdated, left, passes, setback, id }: WarmProgress): Status<'warm'> {
  return {
    id,
    ...(held !== undefined && { held: { ...held, checkpoints: { ...held.checkpoints } } }),
    checkpoints: { ...checkpoints },
    // The latest: what lies longer is found by whoever looks at the host.
    ...(outdated !== undefined && { outdated: outdated.slice(-OUTDATED) }),
    ...(left !== undefined && { left: left.slice(0, MESSAGE) }),
    passes: passes.map(({ compared, ...pass }) => ({
      ...pass,
      ...(compared && { compared: { ...compared, because: compared.because.slice(0, SENTENCE) } }),
    })),
    ...(setback !== undefined && { setback: { ...setback, message: setback.message.slice(0, MESSAGE) } }),
  };
}

export function guestWithin({
  guest,
  converter,
  changes,
  warnings,
  seconds,
  disks,
  configured,
  ...outcome
}: GuestOutcome): Status<'guest'> {
  const shown = changes.slice(0, changes.length > CHANGES ? CHANGES - 1 : CHANGES).map(({ subject, what, file }) => ({
    ...{ subject, what: what.slice(0, SENTENCE) },
    ...(file !== undefined && { file: file.slice(0, PATH) }),
  }));
  const more = changes.length - shown.length;
  return {
    ...outcome,
    ...(converter !== undefined && { converter: converter.slice(0, 256) }),
    ...(guest !== undefined && { system: guest.slice(0, SENTENCE) }),
    seconds: Math.round(seconds.reduce((sum, phase) => sum + phase.seconds, 0) * 10) / 10,
    changes: more > 0 ? [...shown, { subject: 'system', what: `And ${more} more.` }] : shown,
    warnings: warnings.slice(0, WARNINGS).map((text) => text.slice(0, SENTENCE)),
    ...(configured !== undefined && {
      // The converter bounds what stands in one.
      configured: configured
        .slice(0, NICS)
        .map((nic) => ({ ...nic, addresses: [...nic.addresses], gateways: [...nic.gateways] })),
    }),
    phases: [...seconds],
    disks: [...disks],
  };
}

/** What `guestWithin` wrote, as far as it had room. */
export function outcomeOf({ system, seconds: _, phases, ...guest }: Status<'guest'>): GuestOutcome {
  return { ...guest, ...(system !== undefined && { guest: system }), seconds: phases };
}

export function outlookWithin({ because, cutoverBecause, downtime, ...outlook }: Outlook): Status<'outlook'> {
  return {
    ...outlook,
    because: because.slice(0, SENTENCE),
    ...(cutoverBecause !== undefined && { cutoverBecause: cutoverBecause.slice(0, SENTENCE) }),
    ...(downtime !== undefined && {
      downtime: { ...downtime, advice: downtime.advice.slice(0, ADVICE).map((text) => text.slice(0, SENTENCE)) },
    }),
  };
}

/** What is predicted until it is known how long it was; undefined before the first prediction. */
export function downtimeStatus(
  before: VmMigrationStatus['downtime'],
  { forecast, actual }: { readonly forecast: DowntimeForecast | undefined; readonly actual: number | undefined },
): VmMigrationStatus['downtime'] {
  const predicted = forecast?.seconds ?? before?.predicted;
  const told = predicted && { predicted };
  if (actual !== undefined) return { text: about(actual), ...told, seconds: actual };
  return predicted && { text: `${about(predicted.likely)}, up to ${about(predicted.high)}`, predicted };
}

/** `45 s`, `12 min`, `3.5 h` */
function about(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 120 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 6) / 10} h`;
}
