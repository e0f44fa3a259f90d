/** How the VMs of each plan stand, kept up with change by change: what a plan's look costs does not grow with its VMs. */
import { isMigrated } from '../model/phase.ts';
import { hasEnded, isParked, wantsRetry } from './intent.ts';
import type { PlanResource, VmResource } from './services.ts';

type Standing = 'waiting' | 'running' | 'completed' | 'failed' | 'canceled';

export interface Counts extends Readonly<Record<Standing, number>> {
  readonly total: number;
  /** Of those that wait: with open Critical concerns. */
  readonly blocked: number;
  /** Of those that run: which wait for a time, for somebody or for their group, with nothing done for them. */
  readonly parked: number;
  readonly moved: number;
  readonly bytes: number;
}

interface Share {
  readonly plan: string;
  readonly standing: Standing;
  readonly blocked: number;
  readonly parked: number;
  readonly moved: number;
  readonly bytes: number;
}

type Sums = { -readonly [key in keyof Counts]: number };

const NONE: Counts = {
  total: 0,
  waiting: 0,
  running: 0,
  completed: 0,
  failed: 0,
  canceled: 0,
  blocked: 0,
  parked: 0,
  moved: 0,
  bytes: 0,
};

export class Tally {
  readonly #shares = new Map<string, Share>();
  readonly #plans = new Map<string, Sums>();

  /** @param vm absent when it is gone */
  update(key: string, vm: VmResource | undefined): void {
    const before = this.#shares.get(key);
    if (before !== undefined) this.#count(before, -1);
    // One that is about to go counts no more: a plan of the same name may be a new one.
    if (vm === undefined || vm.deleting) {
      this.#shares.delete(key);
      return;
    }
    const share = shareOf(vm);
    this.#shares.set(key, share);
    this.#count(share, 1);
  }

  /** Key of the plan whose counts a VM is part of. */
  planOf(key: string): string | undefined {
    return this.#shares.get(key)?.plan;
  }

  of({ key }: Pick<PlanResource, 'key'>): Counts {
    return this.#plans.get(key) ?? NONE;
  }

  #count({ plan, standing, blocked, parked, moved, bytes }: Share, by: 1 | -1): void {
    const sums = this.#plans.get(plan) ?? { ...NONE };
    sums.total += by;
    sums[standing] += by;
    sums.blocked += by * blocked;
    sums.parked += by * parked;
    sums.moved += by * moved;
    sums.bytes += by * bytes;
    if (sums.total === 0) this.#plans.delete(plan);
    else this.#plans.set(plan, sums);
  }
}

function shareOf(vm: VmResource): Share {
  const { status, spec, namespace } = vm;
  const disks = status?.disks ?? [];
  return {
    plan: `${namespace}/${spec.planRef.name}`,
    standing: standingOf(vm),
    blocked: status?.phase === undefined && (status?.critical ?? 0) > 0 ? 1 : 0,
    parked: isParked(vm) ? 1 : 0,
    moved: disks.reduce((sum, { done }) => sum + done, 0),
    bytes: disks.reduce((sum, { total, capacity }) => sum + (total === 0 ? capacity : total), 0),
  };
}

function standingOf(vm: VmResource): Standing {
  const phase = vm.status?.phase;
  if (phase === undefined || wantsRetry(vm)) return 'waiting';
  if (!hasEnded(phase)) return 'running';
  return isMigrated(phase) ? 'completed' : phase === 'Failed' ? 'failed' : 'canceled';
}
