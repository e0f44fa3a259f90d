/** Orders work inside one process. Doors and steps never see the library behind it. */
import type { TransferLimits } from '../model/estimate.ts';

/** What a job occupies while it runs. Absent members are unknown, and bound by no limit of their own. */
export interface Uses {
  readonly sourceHost?: string;
  readonly datastore?: string;
  /** What receives the bytes: a storage class, a folder. */
  readonly target?: string;
}

export interface Admission {
  readonly uses?: Uses;
  /** Default 0. A job overtakes at most a thousand waiting ones for each point that it is above them: nothing waits for ever. */
  readonly priority?: number;
}

/** Jobs at once: whole numbers from 1. Absent members are unlimited. `perPlan` counts all jobs of the queue. */
export type QueueLimits = TransferLimits;

export interface JobQueue {
  /**
   * Runs `work` when the limits of its kind allow. A key already queued or running is not started twice: its promise is returned.
   * When `signal` aborts before the start, the promise rejects with the signal's reason.
   */
  submit<T>(key: string, work: () => Promise<T>, signal: AbortSignal, admission?: Admission): Promise<T>;
  /**
   * Keeps a place for a job that is submitted later with this key, where there is one at once: nobody waits for a place with another one in hand.
   * Absent: no place can be kept. @returns whether it is kept
   */
  reserve?(key: string): boolean;
  /** Other limits from now on. What runs goes on, also beyond them. @throws RangeError for what is no whole number from 1 */
  limit(limits: QueueLimits): void;
}
