/** What a warm migration has measured of itself, and what it expects. */
import type { ErrorCode } from './error-codes.ts';
import type { Spread } from './estimate.ts';
import type { Bytes } from './units.ts';

/** One reading of all disks of a VM onto their targets. */
export interface PrecopyPass {
  /** 1 is the full copy. */
  readonly number: number;
  /** The instant whose content the pass brought, ISO 8601: when its snapshot was made. */
  readonly checkpointAt: string;
  /** Bytes that were moved: what is allocated, later what changed since the checkpoint before. */
  readonly bytes: Bytes;
  /** Seconds of the moving alone. */
  readonly copySeconds: number;
  /** Seconds for the rest: making the snapshot, asking what changed, removing the snapshot. */
  readonly snapshotSeconds: number;
  /** Bytes that had to be read because a disk's checkpoint was lost, with the reason. */
  readonly compared?: { readonly bytes: Bytes; readonly because: string };
}

/** A snapshot of ours at the source, noted before any byte of it is read. */
export interface HeldSnapshot {
  /** `SourceSnapshot.id` */
  readonly id: string;
  readonly name: string;
  /** Number of the pass that it is read for. */
  readonly pass: number;
  /** When it was asked for, ISO 8601: what the guest wrote before is in it. */
  readonly at: string;
  /** Seconds that making it took. */
  readonly seconds: number;
  /** State of each disk's change tracking at this instant, by disk key; absent where a disk is not tracked. */
  readonly checkpoints: Readonly<Record<string, string>>;
}

/** Precopies that failed in a row. The VM runs on and is as it was; the next one brings what this one did not. */
export interface Setback {
  readonly count: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** When the last one failed, ISO 8601. */
  readonly at: string;
}

/** What is expected of the cutover if it began at the next occasion. */
export interface DowntimeForecast {
  /** Bytes of the final delta. */
  readonly finalDelta: Spread;
  /** Seconds from the shutdown of the source to the booted target. */
  readonly seconds: Spread;
  /** Bytes a second that the guest changes, and that are copied, as the last passes measured them. */
  readonly changeRate: number;
  readonly copyRate: number;
  /** False: no precopy makes the final delta smaller any more, and it is larger than it should be. */
  readonly converges: boolean;
  /** What would help, with numbers; empty when nothing has to. */
  readonly advice: readonly string[];
}

/** Why nothing more is copied to a target that a test lies on: what whoever migrates says, and what whoever begins the test waits for. */
export const HELD_BY_TEST = 'a test of its target holds it';

/** What a VM that is parked waits for. */
export interface Outlook {
  readonly next: 'start' | 'precopy' | 'cutover' | 'group' | 'commit';
  /** When that is looked at or done, ISO 8601; absent: when somebody says so. */
  readonly at?: string;
  /** Words that follow "because". */
  readonly because: string;
  /** When the cutover is to be, ISO 8601; absent: by hand, or never as things are. */
  readonly cutoverAt?: string;
  /** Why then, or why not. */
  readonly cutoverBecause?: string;
  /** Absent before the first delta. */
  readonly downtime?: DowntimeForecast;
}
