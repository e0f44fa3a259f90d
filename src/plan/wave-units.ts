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
  readonly disks: readonly { readonly bytes: number; readonly storage?: string }[];
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
 * @throws Error when two candidates have one id
 */
export function orderUnits(candidates: readonly WaveCandidate[], groups: readonly EntanglementGroup[]): readonly WaveUnit[] {
  const single = new Map(candidates.map((candidate) => [candidate.vm, candidate]));
  if (single.size !== candidates.length) throw new Error('two candidates have one id');
  const units: WaveUnit[] = [];
  for (const { key, members } of groups) {
    const present = members.flatMap((id) => single.get(id) ?? []);
    if (present.length < 2) continue;
    for (const { vm } of present) single.delete(vm);
    units.push(createUnit(present, key));
  }
  for (const candidate of single.values()) units.push(createUnit([candidate]));
  return takeTurns(units.toSorted(compareUnits));
}

function createUnit(members: readonly WaveCandidate[], group?: string): WaveUnit {
  const sized = members.map((candidate) => ({ candidate, bytes: bytesOf(candidate) }));
  const score = members.reduce((lowest, member) => Math.min(lowest, member.score), 100);
  return {
    members: sized
      .toSorted((a, b) => b.bytes - a.bytes || compareText(a.candidate.vm, b.candidate.vm))
      .map(({ candidate }) => candidate),
    ...(group !== undefined && { group }),
    score,
    bytes: sized.reduce((sum, { bytes }) => sum + bytes, 0),
    rank: 2 * (score >= EASY ? 0 : score >= MODERATE ? 1 : 2) + (group === undefined ? 0 : 1),
  };
}

export function bytesOf({ disks }: WaveCandidate): number {
  return disks.reduce((sum, { bytes }) => sum + bytes, 0);
}

function compareUnits(a: WaveUnit, b: WaveUnit): number {
  return a.rank - b.rank || b.score - a.score || a.bytes - b.bytes || compareText(idOf(a), idOf(b));
}

/** The first of each host, then the second of each, and so on, rank by rank. */
function takeTurns(sorted: readonly WaveUnit[]): readonly WaveUnit[] {
  const turns = new Map<string, number>();
  const numbered = sorted.map((unit, index) => {
    const queue = `${unit.rank} ${unit.members[0]?.host ?? ''}`;
    const turn = turns.get(queue) ?? 0;
    turns.set(queue, turn + 1);
    return { unit, turn, index };
  });
  return numbered.toSorted((a, b) => a.unit.rank - b.unit.rank || a.turn - b.turn || a.index - b.index).map(({ unit }) => unit);
}

function idOf({ members }: WaveUnit): string {
  return members[0]?.vm ?? '';
}
