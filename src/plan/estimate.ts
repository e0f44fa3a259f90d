/** How much one VM has to move, how long that takes and how long the VM is away, with the assumptions of each. */
import type { ProofTerms } from '../model/boot-proof.ts';
import type { ConversionTerms } from '../model/conversion.ts';
import { MigrationError } from '../model/errors.ts';
import type { Assumption, DiskEstimate, Estimate, Known, Spread, WarmEstimate } from '../model/estimate.ts';
import { findGuestOs } from '../model/guest-os.ts';
import { formatBytes } from '../model/units.ts';
import type { Disk, SourceVm } from '../model/vm.ts';
import { bearableChangeRate, neededCopyRate, type PrecopyInput, type PrecopyOutcome, predictPrecopies } from './convergence.ts';
import { known, numberOf, type Outlook, type Range, rangeOf } from './figure.ts';
import type { EstimateBasis } from './figures.ts';
import { type ByGuest, guestSeconds } from './guest-figures.ts';
import { copySeconds, paceOf, tenths } from './pace.ts';

export interface EstimateRequest {
  readonly type: 'cold' | 'warm';
  /** Bytes a second that the guest changes on all disks together, each changed block counted once; where known. */
  readonly changeRate?: Known;
  /** Storage class of each disk, by its key; unknown where absent. */
  readonly targets?: ReadonlyMap<string, string>;
  /** What becomes of the guest; absent: nobody looks into it. */
  readonly conversion?: ConversionTerms;
  /** What has to be seen of it; absent: nobody looks. */
  readonly proof?: ProofTerms;
}

const DAY = 86_400;

const NO_CHANGE: Assumption = {
  id: 'change-rate',
  value: 0,
  unit: 'bytes/s',
  source: 'given',
  why: 'The VM is off and changes nothing.',
};

/**
 * Predicts the migration of one VM that has the link for itself; what several VMs do to each other is in waves.ts.
 * A VM that is already off needs no shutdown. The result is in tenths of a second.
 * @throws MigrationError `config-invalid` for a change rate that is not a number from 0
 */
export function estimate(vm: SourceVm, basis: EstimateBasis, request: EstimateRequest): Estimate {
  const { type, changeRate, targets } = request;
  const disks = vm.disks.map((disk) =>
    diskEstimate(disk, basis.limits.perTarget === undefined ? undefined : targets?.get(disk.key)),
  );
  const bytes = disks.reduce((sum, disk) => sum + disk.bytes, 0);
  if (changeRate !== undefined) refuseNegative(changeRate, vm);
  const change = known(vm.power === 'off' ? NO_CHANGE : assumedChange(bytes, basis), changeRate);
  const family = findGuestOs(vm.guest)?.family === 'windows' ? 'windows' : 'other';
  const facts: Facts = { vm, family, disks, bytes, change: rangeOf(change), basis, request };
  const scenarios = OUTLOOKS.map((outlook) => predict(facts, outlook));
  const [, likely] = scenarios;
  if (likely === undefined) throw new Error('no likely scenario');
  return {
    type,
    bytes,
    disks,
    copySeconds: spread(scenarios, ({ copy }) => copy),
    fixedSeconds: spread(scenarios, ({ fixed }) => fixed),
    downtimeSeconds: spread(scenarios, ({ downtime }) => downtime),
    totalSeconds: spread(scenarios, ({ total }) => total),
    ...(likely.warm && { warm: warmEstimate(likely, likely.warm) }),
    assumptions: [bytesAssumption(vm, bytes, disks), ...(type === 'warm' ? [change] : [])],
  };
}

function refuseNegative(changeRate: Known, { name }: SourceVm): void {
  const rate = numberOf(changeRate);
  if (rate >= 0 && Number.isFinite(rate)) return;
  throw new MigrationError('config-invalid', `Not usable as a change rate: ${rate}.`, {
    vm: name,
    hint: 'It is in bytes a second from 0.',
  });
}

interface Facts {
  readonly vm: SourceVm;
  readonly family: keyof ByGuest;
  readonly disks: readonly DiskEstimate[];
  readonly bytes: number;
  readonly change: Range;
  readonly basis: EstimateBasis;
  readonly request: EstimateRequest;
}

interface Scenario {
  readonly copy: number;
  readonly copyRate: number;
  readonly fixed: number;
  readonly downtime: number;
  readonly total: number;
  readonly warm?: { readonly input: PrecopyInput; readonly outcome: PrecopyOutcome };
}

const OUTLOOKS: readonly Outlook[] = ['best', 'likely', 'worst'];

function predict(facts: Facts, outlook: Outlook): Scenario {
  const { vm, disks, bytes, change, basis, request } = facts;
  const pace = paceOf(basis, outlook);
  const copy = copySeconds(disks, basis, pace);
  const copyRate = copy === 0 ? pace.alone : bytes / copy;
  const fixed = fixedSeconds(facts, outlook);
  if (request.type === 'cold') return { copy, copyRate, fixed, downtime: copy + fixed, total: copy + fixed };
  const snapshotSeconds = basis.snapshot[outlook];
  const input: PrecopyInput = {
    bytes,
    seconds: copy,
    capacity: vm.disks.reduce((sum, disk) => sum + disk.capacity, 0),
    changeRate: change[outlook],
    copyRate,
    snapshotSeconds,
    goalSeconds: basis.downtimeGoal,
    maxPrecopies: basis.maxPrecopies,
  };
  const outcome = predictPrecopies(input);
  const downtime = snapshotSeconds + outcome.finalDeltaBytes / copyRate + fixed;
  const total = outcome.precopies.reduce((sum, { seconds }) => sum + seconds, 0) + downtime;
  return { copy, copyRate, fixed, downtime, total, warm: { input, outcome } };
}

function fixedSeconds(facts: Facts, outlook: Outlook): number {
  const { vm, family, basis, request } = facts;
  const stop = vm.power === 'off' ? 0 : basis.shutdown[outlook];
  return stop + guestSeconds({ ...request, family, rehash: rehashSeconds(facts, outlook) }, basis.guests, outlook);
}

/** A disk that was written to is hashed anew as a whole: the one that the guest boots from, at worst all of them. */
function rehashSeconds({ disks, bytes, basis }: Facts, outlook: Outlook): number {
  if (basis.proofRate === undefined) return 0;
  return (outlook === 'worst' ? bytes : (disks[0]?.bytes ?? 0)) / basis.proofRate[outlook];
}

function diskEstimate({ key, storage, capacity, allocated }: Disk, target: string | undefined): DiskEstimate {
  return {
    disk: key,
    ...(storage && { storage: storage.id }),
    ...(target !== undefined && { target }),
    // A chain of snapshots may hold more than the guest sees; no more than that is moved.
    bytes: Math.min(allocated ?? capacity, capacity),
    basis: allocated === undefined ? 'capacity' : 'allocated',
  };
}

function bytesAssumption(vm: SourceVm, bytes: number, disks: readonly DiskEstimate[]): Assumption {
  const unknown = disks.filter(({ basis }) => basis === 'capacity').length;
  const why =
    unknown === 0
      ? 'Allocated bytes as the source states them.'
      : `The source does not say how much of ${unknown} of ${vm.disks.length} disks is allocated, so their whole size is counted.`;
  return { id: 'bytes-to-move', value: bytes, unit: 'bytes', source: unknown === 0 ? 'given' : 'assumed', why };
}

function assumedChange(bytes: number, { changeShare }: EstimateBasis): Assumption {
  const rate = (share: number): number => (bytes * share) / DAY;
  return {
    id: 'change-rate',
    value: rate(changeShare.likely),
    unit: 'bytes/s',
    source: 'assumed',
    why: `Unknown for this VM: ${percent(changeShare.likely)} of its data a day, see change-share.`,
    range: { best: rate(changeShare.best), worst: rate(changeShare.worst) },
  };
}

function warmEstimate(scenario: Scenario, { input, outcome }: NonNullable<Scenario['warm']>): WarmEstimate {
  const { converges, meetsGoal, precopies, finalDeltaBytes } = outcome;
  return {
    converges,
    meetsGoal,
    changeRate: Math.round(input.changeRate),
    copyRate: Math.round(input.copyRate),
    precopies: precopies.map((each) => ({ ...each, bytes: Math.round(each.bytes), seconds: tenths(each.seconds) })),
    finalDeltaBytes: Math.round(finalDeltaBytes),
    advice: meetsGoal ? [] : advise(scenario, input),
  };
}

function advise({ copy, fixed, downtime }: Scenario, input: PrecopyInput): readonly string[] {
  const needed = neededCopyRate(input);
  const [copied, changed] = [rateText(input.copyRate), rateText(input.changeRate)];
  return [
    ...(needed === undefined
      ? []
      : [`Copy at ${rateText(needed)} or more (now ${copied}): a faster link, transport or storage.`]),
    `Migrate while the guest changes no more than ${rateText(bearableChangeRate(input))} (now ${changed}).`,
    `Allow the downtime of ${minutes(downtime)}, or migrate cold in ${minutes(copy + fixed)}.`,
  ];
}

function rateText(bytes: number): string {
  return `${formatBytes(Math.round(bytes))}/s`;
}

/** Worse figures may need one precopy more and so end with a smaller delta: the order is made here, not assumed. */
function spread(scenarios: readonly Scenario[], value: (scenario: Scenario) => number): Spread {
  const [low = 0, likely = 0, high = 0] = scenarios.map((scenario) => tenths(value(scenario)));
  return { low: Math.min(low, likely, high), likely, high: Math.max(low, likely, high) };
}

function minutes(seconds: number): string {
  return `${Math.ceil(seconds / 60)} min`;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
