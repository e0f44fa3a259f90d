/**
 * The numbers that estimates rest on: what the caller knows, and for the rest the defaults.
 * Everything that could be measured is in the list of assumptions; none of it hides in a formula.
 */
import { MigrationError } from '../model/errors.ts';
import type { Assumption, Known, Link, TransferLimits } from '../model/estimate.ts';
import {
  BOOT,
  BOOT_WINDOWS,
  CHANGE_SHARE,
  CONVERSION,
  CONVERSION_WINDOWS,
  DOWNTIME_GOAL,
  LINK_RATE,
  MAX_PRECOPIES,
  PROOF_RATE,
  SHUTDOWN,
  SNAPSHOT,
  TRANSFER_RATE,
} from './default-figures.ts';

export interface EstimateOptions {
  readonly link?: Link;
  readonly limits?: TransferLimits;
  /** Every copied byte is read back from the target and compared; true when absent. */
  readonly verify?: boolean;
  /** Guests get new drivers and boot settings; true when absent. */
  readonly convert?: boolean;
  readonly conversionSeconds?: Known;
  readonly bootSeconds?: Known;
  readonly shutdownSeconds?: Known;
  /** Precopies are repeated until the final delta is copied within this many seconds. */
  readonly downtimeGoalSeconds?: number;
}

/** `best` makes a migration shorter than `likely`, `worst` longer. */
export interface Range {
  readonly best: number;
  readonly likely: number;
  readonly worst: number;
}

export type Outlook = keyof Range;

/** Durations that depend on the family of the guest. */
export interface ByGuest {
  readonly windows: Range;
  readonly other: Range;
}

/** All numbers of a run, made once by `estimateBasis` and shared by every VM. */
export interface EstimateBasis {
  readonly limits: TransferLimits;
  readonly transferRate: Range;
  readonly linkRate: Range;
  /** Absent when nothing is verified. */
  readonly proofRate?: Range;
  /** Absent when nothing is converted. */
  readonly conversion?: ByGuest;
  readonly boot: ByGuest;
  readonly shutdown: Range;
  readonly snapshot: Range;
  /** Share of the data that a guest changes in a day, where its change rate is unknown. */
  readonly changeShare: Range;
  readonly downtimeGoal: number;
  readonly maxPrecopies: number;
  readonly assumptions: readonly Assumption[];
}

/**
 * Numbers for a whole run.
 * @throws MigrationError `config-invalid` that lists every number that is not a rate above 0, a duration from 0 or a whole limit from 1
 */
export function estimateBasis(options: EstimateOptions = {}): EstimateBasis {
  const { link = {}, limits = {}, verify = true, convert = true } = options;
  refuseInvalid(options);
  const transfer = known(TRANSFER_RATE, link.perTransfer);
  const total = known(LINK_RATE, link.total);
  const proof = verify ? [PROOF_RATE] : [];
  const conversion = convert ? byGuest(CONVERSION, CONVERSION_WINDOWS, options.conversionSeconds) : [];
  const boot = byGuest(BOOT, BOOT_WINDOWS, options.bootSeconds);
  const shutdown = known(SHUTDOWN, options.shutdownSeconds);
  const goal = known(DOWNTIME_GOAL, options.downtimeGoalSeconds);
  return {
    limits,
    transferRate: rangeOf(transfer),
    linkRate: rangeOf(total),
    ...(verify && { proofRate: rangeOf(PROOF_RATE) }),
    ...(convert && { conversion: guestRanges(conversion) }),
    boot: guestRanges(boot),
    shutdown: rangeOf(shutdown),
    snapshot: rangeOf(SNAPSHOT),
    changeShare: rangeOf(CHANGE_SHARE),
    downtimeGoal: goal.value,
    maxPrecopies: MAX_PRECOPIES.value,
    assumptions: [
      transfer,
      total,
      ...limitAssumptions(limits),
      ...proof,
      shutdown,
      ...conversion,
      ...boot,
      SNAPSHOT,
      CHANGE_SHARE,
      goal,
      MAX_PRECOPIES,
    ],
  };
}

/** What the caller knows replaces the default, its origin and its range. */
export function known({ id, unit, ...fallback }: Assumption, figure: Known | undefined): Assumption {
  if (figure === undefined) return { id, unit, ...fallback };
  if (typeof figure === 'number') return { id, value: figure, unit, source: 'given', why: 'As given.' };
  return { id, value: figure.value, unit, source: figure.source, why: figure.why };
}

/** The three values of an assumption; all the same where it has no range. */
export function rangeOf({ value, range }: Assumption): Range {
  return { best: range?.best ?? value, likely: value, worst: range?.worst ?? value };
}

export function numberOf(figure: Known): number {
  return typeof figure === 'number' ? figure : figure.value;
}

type ByGuestAssumptions = readonly [Assumption, Assumption] | readonly [Assumption];

/** A duration that the caller knows holds for every guest. */
function byGuest(other: Assumption, windows: Assumption, figure: Known | undefined): ByGuestAssumptions {
  return figure === undefined ? [other, windows] : [known(other, figure)];
}

function guestRanges(assumptions: readonly Assumption[]): ByGuest {
  const [other, windows] = assumptions.map(rangeOf);
  if (other === undefined) throw new Error('no figure for any guest');
  return { other, windows: windows ?? other };
}

function limitAssumptions({ perHost, perDatastore, perTarget, perPlan }: TransferLimits): readonly Assumption[] {
  const given: readonly (readonly [string, number | undefined])[] = [
    ['transfers-per-host', perHost],
    ['transfers-per-datastore', perDatastore],
    ['transfers-per-target', perTarget],
    ['transfers-per-plan', perPlan],
  ];
  return given.flatMap(([id, value]) =>
    value === undefined ? [] : [{ id, value, unit: 'transfers' as const, source: 'given' as const, why: 'As given.' }],
  );
}

function refuseInvalid({ link = {}, limits = {}, ...durations }: EstimateOptions): void {
  const { conversionSeconds, bootSeconds, shutdownSeconds, downtimeGoalSeconds } = durations;
  const wrong = [
    ...Object.entries({ ...link }).filter(([, figure]) => !(numberOf(figure) > 0 && Number.isFinite(numberOf(figure)))),
    ...Object.entries({ ...limits }).filter(([, limit]) => !(Number.isSafeInteger(limit) && limit >= 1)),
    ...Object.entries({ conversionSeconds, bootSeconds, shutdownSeconds, downtimeGoalSeconds }).filter(
      ([, figure]) => figure !== undefined && !(numberOf(figure) >= 0 && Number.isFinite(numberOf(figure))),
    ),
  ].map(([name, figure]) => `${name} ${figure === undefined ? '' : numberOf(figure)}`);
  if (wrong.length === 0) return;
  throw new MigrationError('config-invalid', `Not usable as a limit, rate or duration: ${wrong.join(', ')}.`, {
    hint: 'Rates are bytes a second above 0, durations are seconds from 0, limits are whole numbers from 1.',
  });
}
