/**
 * Waves: which VMs move together and when. Easy and unentangled ones first, groups whole, each wave as large as the limits can
 * move in one window: full copy, shutdown, conversion and boot. A wave is filled by placing its transfers on lanes, so that its time line and its size are one calculation.
 */
import { MigrationError } from '../model/errors.ts';
import type { Assumption, EntanglementGroup, Wave, WavePlan, WaveVm, WaveWindow } from '../model/estimate.ts';
import type { EstimateBasis } from './figures.ts';
import { Lanes } from './lanes.ts';
import { type LaneShare, paceOf, shareLink, tenths } from './pace.ts';
import { hostConcerns, outsideConcerns, oversizedConcerns, waveNotes } from './wave-remarks.ts';
import { bytesOf, HARD_RANK, orderUnits, type WaveCandidate, type WaveUnit } from './wave-units.ts';

export interface WaveRequest {
  readonly candidates: readonly WaveCandidate[];
  readonly groups: readonly EntanglementGroup[];
  readonly basis: EstimateBasis;
  readonly window: WaveWindow;
  /** VMs of the pilot wave; 5 when absent, 0 for none. */
  readonly pilot?: number;
  /** VMs that people can look after in one wave; no limit when absent. */
  readonly maxVms?: number;
}

const HOUR = 3600;
const DEFAULT_PILOT = 5;
/** Units that may be passed over before a wave is closed: enough to fill a gap, few enough to keep the cost linear. */
const MAX_PASSED_OVER = 8;

/**
 * The waves of a run. The same candidates give the same waves, in whatever order they come.
 * @throws MigrationError `config-invalid` for a window that is not above 0 hours or recurs before it ends, and for odd sizes
 */
export function planWaves(request: WaveRequest): WavePlan {
  const { candidates, groups, basis } = request;
  const window = checkedWindow(request);
  const share = shareLink(paceOf(basis, 'likely'), basis.limits.perPlan ?? Number.POSITIVE_INFINITY);
  const rules: Rules = { basis, share, seconds: window.hours * HOUR, maxVms: request.maxVms ?? Number.POSITIVE_INFINITY };
  const drafts = fillWaves(orderUnits(candidates, groups), rules, request.pilot ?? DEFAULT_PILOT);
  const waves = schedule(drafts, rules, window);
  return {
    window,
    waves,
    groups,
    concerns: [...oversizedConcerns(waves), ...outsideConcerns(groups), ...hostConcerns(candidates, basis)],
    assumptions: paceAssumptions(share, basis),
  };
}

interface Rules {
  readonly basis: EstimateBasis;
  readonly share: LaneShare;
  /** Length of a window. */
  readonly seconds: number;
  readonly maxVms: number;
}

/** A wave that is being filled. */
interface Draft {
  readonly kind: Wave['kind'];
  readonly lanes: Lanes;
  readonly vms: WaveVm[];
}

function fillWaves(units: readonly WaveUnit[], rules: Rules, pilotSize: number): readonly Draft[] {
  const { pilot, rest } = pickPilot(units, rules, pilotSize);
  const drafts = pilot === undefined ? [] : [pilot];
  let waiting: readonly WaveUnit[] = [];
  let next = 0;
  while (waiting.length > 0 || next < rest.length) {
    const draft = createDraft('regular', rules);
    const passedOver: WaveUnit[] = [];
    // Those that waited come first, in their order; then the fresh ones.
    let index = 0;
    for (;;) {
      const unit = index < waiting.length ? waiting[index] : rest[next];
      if (unit === undefined || passedOver.length > MAX_PASSED_OVER) break;
      // Nothing harder may overtake what was passed over.
      if (passedOver[0] !== undefined && unit.rank > passedOver[0].rank) break;
      if (index < waiting.length) index += 1;
      else next += 1;
      if (add(draft, unit, rules)) continue;
      if (draft.vms.length === 0) drafts.push(oversized(unit, rules));
      else passedOver.push(unit);
    }
    waiting = [...passedOver, ...waiting.slice(index)];
    if (draft.vms.length > 0) drafts.push(draft);
  }
  return drafts;
}

/** Few VMs that are not hard and stand alone. A fleet that is hardly larger than its pilot needs none. */
function pickPilot(
  units: readonly WaveUnit[],
  rules: Rules,
  size: number,
): { readonly pilot?: Draft; readonly rest: readonly WaveUnit[] } {
  if (size === 0 || units.length <= size) return { rest: units };
  const pilot = createDraft('pilot', rules);
  const chosen = new Set<WaveUnit>();
  for (const unit of units) {
    if (unit.rank >= HARD_RANK || chosen.size === size) break;
    if (unit.group === undefined && add(pilot, unit, rules)) chosen.add(unit);
  }
  return chosen.size === 0 ? { rest: units } : { pilot, rest: units.filter((unit) => !chosen.has(unit)) };
}

function createDraft(kind: Wave['kind'], { share, basis }: Rules): Draft {
  return { kind, lanes: new Lanes(share.count, basis.limits), vms: [] };
}

/** Adds all of a unit, or nothing when it would not end within the window. */
function add(draft: Draft, unit: WaveUnit, rules: Rules): boolean {
  if (draft.vms.length + unit.members.length > rules.maxVms) return false;
  const placed: WaveVm[] = [];
  for (const member of unit.members) {
    const vm = placeVm(draft.lanes, member, unit, rules);
    if (vm.endSeconds > rules.seconds) {
      draft.lanes.undo();
      return false;
    }
    placed.push(vm);
  }
  draft.lanes.keep();
  for (const vm of placed) draft.vms.push(vm);
  return true;
}

function oversized(unit: WaveUnit, rules: Rules): Draft {
  const draft = createDraft('oversized', rules);
  for (const member of unit.members) draft.vms.push(placeVm(draft.lanes, member, unit, rules));
  return draft;
}

function placeVm(lanes: Lanes, candidate: WaveCandidate, { group }: WaveUnit, { share }: Rules): WaveVm {
  const { vm, name, score, host, disks, fixedSeconds } = candidate;
  let start = Number.POSITIVE_INFINITY;
  let copied = 0;
  for (const { bytes, storage, target } of disks) {
    const seconds = bytes / share.rate;
    if (seconds === 0) continue;
    const placement = lanes.place({ host, storage, target, seconds });
    start = Math.min(start, placement.start);
    copied = Math.max(copied, placement.end);
  }
  return {
    vm,
    name,
    score,
    bytes: bytesOf(candidate),
    startSeconds: Number.isFinite(start) ? start : 0,
    copiedSeconds: copied,
    endSeconds: copied + fixedSeconds,
    ...(group !== undefined && { group }),
  };
}

/** Gives each wave its window; an oversized one keeps as many as it needs. */
function schedule(drafts: readonly Draft[], rules: Rules, window: Required<WaveWindow>): readonly Wave[] {
  const every = window.everyHours * HOUR;
  let start = 0;
  return drafts.map((draft, index) => {
    const wave = finish(draft, { number: index + 1, start, rules });
    start += every * Math.max(1, Math.ceil((wave.endSeconds - wave.startSeconds) / every));
    return wave;
  });
}

function finish({ kind, lanes, vms }: Draft, place: { number: number; start: number; rules: Rules }): Wave {
  const { number, start, rules } = place;
  const length = latest(vms, ({ endSeconds }) => endSeconds);
  const copied = latest(vms, ({ copiedSeconds }) => copiedSeconds);
  const bytes = vms.reduce((sum, vm) => sum + vm.bytes, 0);
  const bottleneck = lanes.bottleneck(copied, rules.share.limit);
  return {
    number,
    kind,
    startSeconds: start,
    endSeconds: start + tenths(length),
    bytes,
    bytesPerSecond: copied === 0 ? 0 : Math.round(bytes / copied),
    ...(bottleneck && { bottleneck }),
    vms: vms.toSorted((a, b) => a.startSeconds - b.startSeconds).map(inTenths),
    notes: waveNotes(kind, { length, bytes, vms: vms.length, window: rules.seconds, maxVms: rules.maxVms }),
  };
}

function inTenths(vm: WaveVm): WaveVm {
  const { startSeconds, copiedSeconds, endSeconds } = vm;
  return { ...vm, startSeconds: tenths(startSeconds), copiedSeconds: tenths(copiedSeconds), endSeconds: tenths(endSeconds) };
}

function latest(vms: readonly WaveVm[], moment: (vm: WaveVm) => number): number {
  return vms.reduce((last, vm) => Math.max(last, moment(vm)), 0);
}

/** What the numbers of the basis come to. */
function paceAssumptions({ count, rate, limit }: LaneShare, { assumptions }: EstimateBasis): readonly Assumption[] {
  const link = assumptions.find(({ id }) => id === 'link-rate');
  const because =
    limit === 'plan' ? 'The limit of the plan.' : 'The fewest transfers that fill the link; more would share the same rate.';
  return [
    {
      id: 'wave-transfers',
      value: count,
      unit: 'transfers',
      source: limit === 'plan' ? 'given' : (link?.source ?? 'assumed'),
      why: because,
    },
    {
      id: 'wave-transfer-rate',
      value: Math.round(rate),
      unit: 'bytes/s',
      source: link?.source ?? 'assumed',
      why: 'Copied and proven by each of them, from transfer-rate, proof-rate and its share of link-rate.',
    },
  ];
}

function checkedWindow({ window, pilot = 0, maxVms = 1 }: WaveRequest): Required<WaveWindow> {
  const { hours, everyHours = Math.max(24, hours) } = window;
  const fine = hours > 0 && everyHours >= hours && Number.isFinite(everyHours);
  if (fine && Number.isSafeInteger(pilot) && pilot >= 0 && Number.isSafeInteger(maxVms) && maxVms >= 1)
    return { hours, everyHours };
  throw new MigrationError(
    'config-invalid',
    `Not usable for waves: window ${hours} h every ${everyHours} h, pilot ${pilot}, at most ${maxVms} VMs.`,
    {
      hint: 'A window is longer than 0 h and recurs no sooner than it ends; the pilot is a whole number from 0, the limit one from 1.',
    },
  );
}
