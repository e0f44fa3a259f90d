/**
 * One of several processes leads, by a Lease (coordination.k8s.io). Whether a holder is gone is judged by our own clock alone: it is gone when its
 * Lease has not changed for as long as it is good for. So clocks need not agree, only run equally fast.
 */
import { z } from 'zod';
import type { Clock } from '../../contracts/clock.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient, KubeObject, ObjectRef, ResourceType } from '../client/kube-client.ts';
import { microTime } from './micro-time.ts';

export interface LeaderOptions {
  readonly client: KubeClient;
  readonly lease: ObjectRef;
  /** Of this process, different from that of every other: the pod's name and something random. */
  readonly identity: string;
  readonly clock: Clock;
  readonly timing?: LeaseTiming;
  /** Called when asking for the Lease failed; it is asked for again. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Milliseconds. */
export interface LeaseTiming {
  /** How long a Lease is good for: others wait as long before they take it. Whole seconds. */
  readonly duration: number;
  /** A leader that could not renew for so long stops; well below `duration`, so that it has stopped before another begins. */
  readonly renewWithin: number;
  /** Between two looks. */
  readonly every: number;
}

const TIMING: LeaseTiming = { duration: 15_000, renewWithin: 10_000, every: 2000 };
const LEASE: ResourceType = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases' };

const LeaseSpec = z.object({
  spec: z
    .object({
      holderIdentity: z.string().optional(),
      leaseDurationSeconds: z.number().optional(),
      leaseTransitions: z.number().optional(),
    })
    .default({}),
});

/** The Lease as it was seen, and when that was first. */
interface Seen {
  readonly resourceVersion: string | undefined;
  readonly since: number;
}

/**
 * Waits until the Lease is ours, then calls `lead`, whose signal aborts when the Lease is lost or `signal` aborts. The Lease is given back when
 * `lead` has ended.
 * @returns `stopped` when the signal aborted or `lead` ended by itself; `lost` when the Lease could not be kept: whatever this process still
 * remembers may be outdated, so the safest is to end it
 */
export async function leadWhenElected(
  options: LeaderOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<'stopped' | 'lost'> {
  const candidate = new Candidate(options);
  if (!(await candidate.win(signal))) return 'stopped';
  const over = new AbortController();
  const renewing = candidate.keep(AbortSignal.any([signal, over.signal]), () => over.abort());
  try {
    await lead(AbortSignal.any([signal, over.signal]));
  } finally {
    over.abort();
    const kept = await renewing;
    if (kept) await candidate.giveBack();
  }
  return (await renewing) ? 'stopped' : 'lost';
}

class Candidate {
  readonly #options: LeaderOptions;
  readonly #timing: LeaseTiming;
  #seen: Seen | undefined;
  /** Just before the request that last made or kept the Lease ours. */
  #renewedAt = 0;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#timing = options.timing ?? TIMING;
  }

  /** False when the signal aborted first. */
  async win(signal: AbortSignal): Promise<boolean> {
    const { clock, onTrouble } = this.#options;
    while (!signal.aborted) {
      try {
        if (await this.#tryOnce(signal)) return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (!isConflict(error)) onTrouble?.(error);
      }
      await clock.sleep(this.#timing.every, signal).catch(() => undefined);
    }
    return false;
  }

  /** Renews until the signal aborts: true. Calls `lost` and returns false when that did not work in time or somebody else has the Lease. */
  async keep(signal: AbortSignal, lost: () => void): Promise<boolean> {
    const { clock, onTrouble } = this.#options;
    const { every, renewWithin } = this.#timing;
    const deadline = () => this.#renewedAt + renewWithin;
    while (!signal.aborted) {
      await clock.sleep(Math.min(every, Math.max(0, deadline() - clock.now())), signal).catch(() => undefined);
      if (signal.aborted) return true;
      // A process that was frozen finds here that its time is over, before it writes anything.
      if (clock.now() >= deadline()) break;
      const late = new AbortController();
      const inTime = AbortSignal.any([signal, late.signal]);
      const timer = clock.sleep(deadline() - clock.now(), inTime).then(
        () => late.abort(new Error('too late')),
        () => undefined,
      );
      try {
        if (!(await this.#tryOnce(inTime))) break;
      } catch (error) {
        if (signal.aborted) return true;
        if (!late.signal.aborted) onTrouble?.(error);
      } finally {
        late.abort();
        await timer;
      }
    }
    if (signal.aborted) return true;
    lost();
    return false;
  }

  /** So that the next one need not wait. It does not matter when this fails. */
  async giveBack(): Promise<void> {
    const { client, lease, clock } = this.#options;
    const { resourceVersion } = this.#seen ?? {};
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(clock.now()) };
    const late = new AbortController();
    const timer = clock.sleep(this.#timing.every, late.signal).then(
      () => late.abort(),
      () => undefined,
    );
    await client
      .patch(LEASE, lease, { metadata: { resourceVersion }, spec }, { signal: late.signal })
      .catch((error: unknown) => this.#options.onTrouble?.(error));
    late.abort();
    await timer;
  }

  /** True when the Lease is ours now. */
  async #tryOnce(signal: AbortSignal): Promise<boolean> {
    const { client, lease, identity, clock } = this.#options;
    const found = await client.get(LEASE, lease, { signal });
    const now = clock.now();
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#timing.duration / 1000),
      renewTime: microTime(now),
    };
    if (found === undefined) {
      const first = { ...spec, acquireTime: microTime(now), leaseTransitions: 0 };
      return this.#ours(await client.create(LEASE, { metadata: lease, spec: first }, { signal }), now);
    }
    const { resourceVersion } = found.metadata;
    const held = LeaseSpec.parse(found).spec;
    const ours = held.holderIdentity === identity;
    if (!ours && !this.#isOver(resourceVersion, held, now)) return false;
    const taken = { ...spec, acquireTime: microTime(now), leaseTransitions: (held.leaseTransitions ?? 0) + 1 };
    const patch = { metadata: { resourceVersion }, spec: ours ? spec : taken };
    return this.#ours(await client.patch(LEASE, lease, patch, { signal }), now);
  }

  #ours({ metadata }: KubeObject, since: number): boolean {
    this.#seen = { resourceVersion: metadata.resourceVersion, since };
    this.#renewedAt = since;
    return true;
  }

  /** Nobody holds it, or its holder has not touched it for as long as it said. */
  #isOver(resourceVersion: string | undefined, held: z.output<typeof LeaseSpec>['spec'], now: number): boolean {
    if (this.#seen?.resourceVersion !== resourceVersion) this.#seen = { resourceVersion, since: now };
    if (held.holderIdentity === undefined || held.holderIdentity === '') return true;
    const duration = held.leaseDurationSeconds === undefined ? this.#timing.duration : held.leaseDurationSeconds * 1000;
    return now >= (this.#seen?.since ?? now) + duration;
  }
}

/** Somebody else was faster: that is how elections go. */
function isConflict(error: unknown): boolean {
  return error instanceof MigrationError && (error.code === 'cluster-conflict' || error.code === 'cluster-object-exists');
}
