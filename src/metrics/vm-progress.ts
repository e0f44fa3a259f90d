/** What happened to a VM between two states of its status. Pure. */
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import { troubleIn } from './reasons.ts';

type Disk = NonNullable<VmMigrationStatus['disks']>[number];
type PhaseRecord = NonNullable<VmMigrationStatus['history']>[number];

export interface VmChanges {
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  /** Bytes. What is copied again after a failure counts again. */
  readonly copied: number;
  readonly proven: number;
  /** Readings of disks that ended. */
  readonly transfers: readonly { readonly pass: 'full' | 'delta'; readonly bytes: number; readonly seconds: number }[];
  /** Copies of a VM that runs: those that ended, and those that failed and are made again. */
  readonly precopies: { readonly ended: number; readonly failed: number };
  /** Of a downtime that is over. */
  readonly downtime?: DowntimeChange;
  readonly ended?: 'completed' | 'failed' | 'canceled' | 'rolled-back';
  /** Code of what ended it, or of why it does not go on for now. */
  readonly trouble?: string;
}

/** Seconds. */
export interface DowntimeChange {
  readonly seconds: number;
  /** As it was predicted before the source was shut down, most likely. */
  readonly predicted?: number;
  readonly phases: VmChanges['phases'];
}

const ENDS: Readonly<Record<string, VmChanges['ended']>> = {
  ...{ Completed: 'completed', Committed: 'completed', Failed: 'failed', Canceled: 'canceled', RolledBack: 'rolled-back' },
};

export function changesBetween(before: VmMigrationStatus, after: VmMigrationStatus): VmChanges {
  const known = new Set((before.history ?? []).map(markOf));
  // The history of a warm VM forgets the rounds between its copies: what is new is not simply what is behind the old.
  const records = (after.history ?? []).filter((record) => !known.has(markOf(record)));
  const disks = (after.disks ?? []).map((disk) => [before.disks?.find((known) => known.disk === disk.disk), disk] as const);
  const ended = after.phase === before.phase ? undefined : ENDS[after.phase ?? ''];
  const trouble = ended === 'failed' ? after.failure?.code : troubleIn(after);
  const isNews = ended === 'failed' || (ended === undefined && trouble !== troubleIn(before));
  const downtime = records.some(({ phase }) => phase === 'CreateVm') ? downtimeOf(after) : undefined;
  return {
    phases: records
      .filter(({ skipped }) => skipped === undefined)
      .map((record) => ({ phase: record.phase, seconds: lasted(record) })),
    copied: sum(disks.map(([earlier, disk]) => gained(earlier, disk, copiedOf))),
    proven: sum(disks.map(([earlier, disk]) => gained(earlier, disk, provenOf))),
    transfers: disks.flatMap(([earlier, disk]) => finished(earlier, disk)),
    precopies: precopiesBetween(before.warm, after.warm),
    ...(downtime?.seconds !== undefined && { downtime: downtimeChange(after, { ...downtime, seconds: downtime.seconds }) }),
    ...(ended !== undefined && { ended }),
    ...(isNews && trouble !== undefined && { trouble }),
  };
}

/**
 * Since when neither the source nor the VirtualMachine runs, or for how long that was so: from the shutdown of the source until the VirtualMachine was
 * made. Undefined for a source that was off before, was not stopped yet or was started again.
 */
export function downtimeOf(status: VmMigrationStatus): { readonly since: Date; readonly seconds?: number } | undefined {
  const { history = [], phase, since, sourceStopped, failure } = status;
  if (sourceStopped !== true || failure?.source === 'started-again' || phase === 'RolledBack') return undefined;
  const begun =
    phase === 'PowerOffSource'
      ? since
      : history.findLast((record) => record.phase === 'PowerOffSource' && record.skipped === undefined)?.startedAt;
  if (begun === undefined) return undefined;
  const start = Date.parse(begun);
  const over = history.findLast((record) => record.phase === 'CreateVm' && Date.parse(record.endedAt) >= start);
  return { since: new Date(start), ...(over !== undefined && { seconds: (Date.parse(over.endedAt) - start) / 1000 }) };
}

function markOf({ phase, startedAt }: PhaseRecord): string {
  return `${phase} ${startedAt}`;
}

function downtimeChange(
  { history = [], downtime }: VmMigrationStatus,
  { since, seconds }: { readonly since: Date; readonly seconds: number },
): DowntimeChange {
  const predicted = downtime?.predicted?.likely;
  const within = history.filter(({ startedAt, skipped }) => Date.parse(startedAt) >= since.getTime() && skipped === undefined);
  return {
    seconds,
    ...(predicted !== undefined && { predicted }),
    phases: within.map((record) => ({ phase: record.phase, seconds: lasted(record) })),
  };
}

function precopiesBetween(before: VmMigrationStatus['warm'], after: VmMigrationStatus['warm']): VmChanges['precopies'] {
  const [last, now] = [before, after].map((warm) => warm?.passes.at(-1)?.number ?? 0);
  const [were, are] = [before, after].map((warm) => warm?.setback?.count ?? 0);
  return { ended: Math.max(0, (now ?? 0) - (last ?? 0)), failed: Math.max(0, (are ?? 0) - (were ?? 0)) };
}

function lasted({ startedAt, endedAt }: PhaseRecord): number {
  return Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}

/** While a target is proven, and of a complete disk, everything of the pass is copied. */
function copiedOf({ stage, done, total }: Disk): number {
  return stage === 'complete' || stage === 'prove' ? total : done;
}

function provenOf({ stage, done, total, allocated, root }: Disk): number {
  if (stage === 'complete') return root === undefined ? 0 : (allocated ?? total);
  return stage === 'prove' ? done : 0;
}

/** A complete disk that is no longer complete is in its next pass, which begins with nothing. */
function gained(before: Disk | undefined, after: Disk, bytesOf: (disk: Disk) => number): number {
  const anew = before === undefined || (before.stage === 'complete' && after.stage !== 'complete');
  return Math.max(0, bytesOf(after) - (anew ? 0 : bytesOf(before)));
}

function finished(before: Disk | undefined, { moved, seconds, passes = 1 }: Disk): VmChanges['transfers'] {
  if (moved === undefined || seconds === undefined) return [];
  if (before?.moved === moved && before.seconds === seconds && (before.passes ?? 1) === passes) return [];
  return [{ pass: passes > 1 ? 'delta' : 'full', bytes: moved, seconds }];
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
