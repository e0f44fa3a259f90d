/** Where the time went in which a VM was down, by phase, beside what was predicted. Pure: from the history alone. */
import type { Downtime, DowntimePart, PredictedDowntime } from '../model/downtime.ts';
import type { Estimate } from '../model/estimate.ts';
import { isTerminal, type WorkPhase } from '../model/phase.ts';
import type { PhaseRecord, VmPlan, VmProgress } from '../model/plan.ts';
import { measuredPace } from './warm/cadence.ts';
import { forecastAt } from './warm/decide.ts';

/** Phases in which the VM is down; in AwaitCommit it runs at the target. */
const DOWN: ReadonlySet<WorkPhase> = new Set([
  'PowerOffSource',
  'CopyDisks',
  'CopyFinalDelta',
  'Convert',
  'AwaitGroup',
  'CreateVm',
  'Prove',
  'RollBack',
]);

/**
 * From the beginning of the last PowerOffSource to where the VM runs again: at the end of Prove, or where the source was started again.
 * Undefined while the source was not stopped by this migration.
 */
export function downtimeOf(
  plan: Pick<VmPlan, 'vm' | 'warm'>,
  progress: VmProgress,
  estimate?: Pick<Estimate, 'downtimeSeconds'>,
): Downtime | undefined {
  const off = progress.history.findLastIndex(({ phase }) => phase === 'PowerOffSource');
  const spans = [...(off < 0 ? [] : progress.history.slice(off)), ...unfinished(progress)];
  const first = spans.find(({ phase }) => phase === 'PowerOffSource');
  if (first === undefined || !wasStopped(progress)) return undefined;
  const parts: DowntimePart[] = [];
  let last = first.startedAt;
  for (const { phase, startedAt, endedAt } of spans) {
    if (!DOWN.has(phase)) {
      last = endedAt;
      continue;
    }
    // A migration that failed and is tried again leaves a gap, in which the source was off as well.
    const gap = between(last, startedAt);
    if (gap > 0) parts.push({ phase: 'Standstill', seconds: gap });
    parts.push({ phase, seconds: between(startedAt, endedAt) });
    last = endedAt;
  }
  const predicted = predictionAt(plan, progress, { at: first.startedAt, estimate });
  return {
    from: first.startedAt,
    to: last,
    seconds: rounded(parts.reduce((sum, { seconds }) => sum + seconds, 0)),
    parts,
    over: isOver(progress),
    ...(predicted && { predicted }),
  };
}

type Stretch = Pick<PhaseRecord, 'phase' | 'startedAt' | 'endedAt'>;

/** The phase that failed has no record of its own: it lasted from the end of the one before. */
function unfinished({ failure, history, since }: VmProgress): readonly Stretch[] {
  const before = history.at(-1);
  if (failure === undefined || before === undefined) return [];
  return [{ phase: failure.phase, startedAt: before.endedAt, endedAt: since }];
}

/** The note that the source was stopped is gone where a rollback, or another try, has started it again. */
function wasStopped({ sourceStopped, phase }: VmProgress): boolean {
  return sourceStopped === true || phase === 'RolledBack';
}

function isOver({ phase, history, failure }: VmProgress): boolean {
  if (phase === 'RolledBack' || phase === 'InspectTarget') return true;
  if (phase === 'Failed' || phase === 'Canceled') return failure?.source === 'started-again';
  return (
    (isTerminal(phase) || phase === 'AwaitCommit' || phase === 'RetireSource') &&
    history.some((record) => record.phase === 'Prove')
  );
}

/** A warm migration is held to what its own passes told; a cold one to what was estimated before it began. */
function predictionAt(
  { vm, warm: terms }: Pick<VmPlan, 'vm' | 'warm'>,
  { warm, transfers, history }: VmProgress,
  { at, estimate }: { readonly at: string; readonly estimate: Pick<Estimate, 'downtimeSeconds'> | undefined },
): PredictedDowntime | undefined {
  const [full, ...deltas] = warm?.passes ?? [];
  if (full === undefined || terms === undefined) return estimate && { seconds: estimate.downtimeSeconds };
  const passes = [full, ...deltas] as const;
  const pace = measuredPace(passes);
  if (pace === undefined) return undefined;
  const capacity = vm.disks.reduce((sum, disk) => sum + disk.capacity, 0);
  const { seconds, finalDelta } = forecastAt({ passes, capacity, goalSeconds: terms.goal }, { terms, pace }, Date.parse(at));
  if (!history.some(({ phase, startedAt }) => phase === 'CopyFinalDelta' && startedAt >= at)) return { seconds };
  return { seconds, finalDelta: { predicted: finalDelta, actual: transfers.reduce((sum, { moved }) => sum + moved, 0) } };
}

function between(from: string, to: string): number {
  return rounded((Date.parse(to) - Date.parse(from)) / 1000);
}

/** To milliseconds, which is what instants are written in. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
