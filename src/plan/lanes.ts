/**
 * A model of transfers that compete: each one occupies a lane of the plan, of its source host, of its datastore and of its
 * target for as long as it takes. Transfers are placed in the order in which they come, each as early as its lanes allow; holes are used (best fit).
 */
import type { Bottleneck, TransferLimits } from '../model/estimate.ts';

/** More lanes than this are not modelled; the most transfers anybody published at once are 400. */
export const MAX_LANES = 1000;

export interface Transfer {
  readonly host?: string | undefined;
  readonly storage?: string | undefined;
  /** Storage class that receives it. */
  readonly target?: string | undefined;
  readonly seconds: number;
}

export interface Placement {
  readonly start: number;
  readonly end: number;
}

interface Pool {
  readonly limit: number;
  /** When each lane in use becomes free, ascending; the other lanes are free from 0. */
  readonly free: number[];
  /** Seconds of all transfers placed. */
  work: number;
}

interface Move {
  readonly pool: Pool;
  /** The lane's earlier entry; undefined when it was not in use. */
  readonly taken: number | undefined;
  readonly end: number;
  readonly seconds: number;
}

/** The lanes of one wave, from its start to its end. */
export class Lanes {
  readonly #plan: Pool;
  readonly #limits: TransferLimits;
  readonly #hosts = new Map<string, Pool>();
  readonly #datastores = new Map<string, Pool>();
  readonly #targets = new Map<string, Pool>();
  readonly #moves: Move[] = [];

  /** `plan` is the number of lanes of the whole plan. */
  constructor(plan: number, limits: TransferLimits) {
    this.#plan = createPool(plan);
    this.#limits = limits;
  }

  /** Occupies lanes for a transfer and says when it runs. One without duration needs none. */
  place({ host, storage, target, seconds }: Transfer): Placement {
    if (seconds === 0) return { start: 0, end: 0 };
    const { perHost, perDatastore, perTarget } = this.#limits;
    const pools = [
      this.#plan,
      poolOf(this.#hosts, host, perHost),
      poolOf(this.#datastores, storage, perDatastore),
      poolOf(this.#targets, target, perTarget),
    ].filter((pool) => pool !== undefined);
    const start = Math.max(...pools.map(earliest));
    const end = start + seconds;
    for (const pool of pools) this.#moves.push(occupy(pool, start, end));
    return { start, end };
  }

  /** Makes every placement so far final. */
  keep(): void {
    this.#moves.length = 0;
  }

  /** Takes back every placement since the last `keep`. */
  undo(): void {
    for (const { pool, taken, end, seconds } of this.#moves.reverse()) {
      pool.free.splice(firstAtLeast(pool.free, end), 1);
      if (taken !== undefined) pool.free.splice(firstAtLeast(pool.free, taken), 0, taken);
      pool.work -= seconds;
    }
    this.#moves.length = 0;
  }

  /** The limit that is busiest over `seconds`; `plan` names the one that the plan's lanes stand for. */
  bottleneck(seconds: number, plan: 'link' | 'plan'): Bottleneck | undefined {
    if (seconds === 0) return undefined;
    let found: Bottleneck = { limit: plan, busy: share(this.#plan, seconds) };
    for (const [limit, pools] of [
      ['host', this.#hosts] as const,
      ['datastore', this.#datastores] as const,
      ['target', this.#targets] as const,
    ]) {
      for (const [name, pool] of pools) {
        const busy = share(pool, seconds);
        if (busy > found.busy) found = { limit, name, busy };
      }
    }
    return found;
  }
}

function createPool(limit: number): Pool {
  return { limit: Math.min(limit, MAX_LANES), free: [], work: 0 };
}

/** No pool where there is no limit, or where it is unknown whom the limit would bind. */
function poolOf(pools: Map<string, Pool>, name: string | undefined, limit: number | undefined): Pool | undefined {
  if (name === undefined || limit === undefined) return undefined;
  const existing = pools.get(name);
  if (existing !== undefined) return existing;
  const pool = createPool(limit);
  pools.set(name, pool);
  return pool;
}

function earliest(pool: Pool): number {
  if (pool.free.length < pool.limit) return 0;
  return pool.free[0] ?? 0;
}

/** Takes the lane that became free last before `start`, so that lanes which were free earlier stay so for others. */
function occupy(pool: Pool, start: number, end: number): Move {
  const { free } = pool;
  const index = firstAbove(free, start) - 1;
  const taken = index < 0 ? undefined : free[index];
  if (index >= 0) free.splice(index, 1);
  free.splice(firstAtLeast(free, end), 0, end);
  pool.work += end - start;
  return { pool, taken, end, seconds: end - start };
}

function share({ limit, work }: Pool, seconds: number): number {
  return Math.min(1, Math.round((work / limit / seconds) * 1000) / 1000);
}

/** Index of the first entry ≥ `value` of an ascending list. */
function firstAtLeast(list: readonly number[], value: number): number {
  return search(list, (entry) => entry >= value);
}

function firstAbove(list: readonly number[], value: number): number {
  return search(list, (entry) => entry > value);
}

function search(list: readonly number[], holds: (entry: number) => boolean): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(list[middle] ?? 0)) to = middle;
    else from = middle + 1;
  }
  return from;
}
