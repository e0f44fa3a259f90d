/**
 * The numbers that estimates rest on: what the caller knows, and for the rest the defaults.
 * Everything that could be measured is in the list of assumptions; none of it hides in a formula.
 */
import { MigrationError } from '../model/errors.ts';
import type { Assumption, Known, Link, TransferLimits } from '../model/estimate.ts';
import {
  CHANGE_SHARE,
  DOWNTIME_GOAL,
  LINK_RATE,
  MAX_PRECOPIES,
  PROOF_RATE,
  SHUTDOWN,
  SNAPSHOT,
  TRANSFER_RATE,
} from './default-figures.ts';
import { known, numberOf, type Range, rangeOf } from './figure.ts';
import { type GuestBasis, type GuestFigureOptions, guestBasis } from './guest-figures.ts';

export interface EstimateOptions extends GuestFigureOptions {
  readonly link?: Link;
  readonly limits?: TransferLimits;
  /** Every copied byte is read back from the target and compared; true when absent. */
  readonly verify?: boolean;
  readonly shutdownSeconds?: Known;
  /** Precopies are repeated until the final delta is copied within this many seconds. */
  readonly downtimeGoalSeconds?: number;
}

/** All numbers of a run, made once by `estimateBasis` and shared by every VM. */
export interface EstimateBasis {
  readonly limits: TransferLimits;
  readonly transferRate: Range;
  readonly linkRate: Range;
  /** Absent when nothing is verified. */
  readonly proofRate?: Range;
  readonly guests: GuestBasis;
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
  const { link = {}, limits = {}, verify = true } = options;
  refuseInvalid(options);
  const transfer = known(TRANSFER_RATE, link.perTransfer);
  const total = known(LINK_RATE, link.total);
  const proof = verify ? [PROOF_RATE] : [];
  const guests = guestBasis(options);
  const shutdown = known(SHUTDOWN, options.shutdownSeconds);
  const goal = known(DOWNTIME_GOAL, options.downtimeGoalSeconds);
  return {
    limits,
    transferRate: rangeOf(transfer),
    linkRate: rangeOf(total),
    ...(verify && { proofRate: rangeOf(PROOF_RATE) }),
    guests,
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
      ...guests.assumptions,
      SNAPSHOT,
      CHANGE_SHARE,
      goal,
      MAX_PRECOPIES,
    ],
  };
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
