/** What waves are made of: single VMs and whole groups, easiest first. */
import { compareText } from '../model/concern.ts';
import type { EntanglementGroup, Estimate, Readiness } from '../model/estimate.ts';
import type { SourceVm } from '../model/vm.ts';

/** A VM as far as waves are concerned. */
export interface WaveCandidate {
  /** `VmRef.id`, unique among the candidates. */
  readonly vm: string;
  readonly name: string;
  /** Readiness, 0–100. */
  readonly score: number;
  /** Source host that the VM's disks are read through, where known. */
  readonly host?: string;
  readonly disks: readonly { readonly bytes: number; readonly storage?: string; readonly target?: string }[];
  /** Shutdown, conversion and boot. */
  readonly fixedSeconds: number;
}

/** One or more VMs that go into one wave. */
export interface WaveUnit {
  /** Largest first: that packs best. */
  readonly members: readonly WaveCandidate[];
  /** Key of the group; absent for a single VM. */
  readonly group?: string;
  /** That of the hardest member. */
  readonly score: number;
  readonly bytes: number;
  /** Even: entangled with nobody. 0–1 easy, 2–3 moderate, 4–5 hard. Classes come one after the other. */
  readonly rank: number;
}

/** Scores from this on are easy, and moderate. A VM with one Critical concern is hard. */
const EASY = 80;
const MODERATE = 60;
/** More than the distance between two scores. */
const SCORES = 1000;
/** Units of this rank and above are no pilots. */
export const HARD_RANK = 4;

export function waveCandidate(vm: SourceVm, estimate: Estimate, { score }: Readiness): WaveCandidate {
  const host = vm.placement?.host;
  return {
    vm: vm.ref.id,
    name: vm.name,
    score,
    ...(host !== undefined && { host }),
    disks: estimate.disks,
    fixedSeconds: estimate.fixedSeconds.likely,
  };
}

/**
 * Units in the order in which they should move: by rank, and within one taking turns between source hosts, so that no wave waits
 * for a single host. The order of the candidates has no influence.
 */
export function orderUnits(candidates: readonly WaveCandidate[], groups: readonly EntanglementGroup[]): readonly WaveUnit[] {
  const keys = new Map(groups.flatMap(({ key, members }) => members.map((member) => [member, key] as const)));
  const tied = new Map<string, WaveCandidate[]>();
  const units: WaveUnit[] = [];
  for (const candidate of candidates) {
    const key = keys.get(candidate.vm);
    if (key === undefined) units.push(createUnit([candidate]));
    else append(tied, key, candidate);
  }
  for (const [key, members] of tied) units.push(createUnit(members, members.length > 1 ? key : undefined));
  return takeTurns(easiestFirst(units));
}

function createUnit(members: readonly WaveCandidate[], group?: string): WaveUnit {
  const score = members.reduce((lowest, member) => Math.min(lowest, member.score), 100);
  return {
    members: members.length === 1 ? members : largestFirst(members),
    ...(group !== undefined && { group }),
    score,
    bytes: members.reduce((sum, member) => sum + bytesOf(member), 0),
    rank: 2 * (score >= EASY ? 0 : score >= MODERATE ? 1 : 2) + (group === undefined ? 0 : 1),
  };
}

function largestFirst(members: readonly WaveCandidate[]): readonly WaveCandidate[] {
  return members
    .map((candidate) => ({ candidate, bytes: bytesOf(candidate) }))
    .toSorted((a, b) => b.bytes - a.bytes || compareText(a.candidate.vm, b.candidate.vm))
    .map(({ candidate }) => candidate);
}

export function bytesOf({ disks }: WaveCandidate): number {
  return disks.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** By rank and score, and units of one score by bytes. Many short lists are sorted several times faster than a long one. */
function easiestFirst(units: readonly WaveUnit[]): readonly WaveUnit[] {
  const equals = Map.groupBy(units, ({ rank, score }) => rank * SCORES - score);
  return [...equals.keys()].sort((a, b) => a - b).flatMap((key) => (equals.get(key) ?? []).sort(bySize));
}

function bySize(a: WaveUnit, b: WaveUnit): number {
  return a.bytes - b.bytes || compareText(idOf(a), idOf(b));
}

/** The first of each host, then the second of each, and so on, rank by rank. */
function takeTurns(sorted: readonly WaveUnit[]): readonly WaveUnit[] {
  const rounds: WaveUnit[][] = [];
  const turns = new Map<string | undefined, number>();
  let rank = -1;
  let first = 0;
  for (const unit of sorted) {
    if (unit.rank !== rank) {
      rank = unit.rank;
      first = rounds.length;
      turns.clear();
    }
    const host = unit.members[0]?.host;
    const turn = turns.get(host) ?? 0;
    turns.set(host, turn + 1);
    const round = rounds[first + turn];
    if (round === undefined) rounds.push([unit]);
    else round.push(unit);
  }
  return rounds.flat();
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function idOf({ members }: WaveUnit): string {
  return members[0]?.vm ?? '';
}
