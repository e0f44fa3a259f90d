/** The whole state machine: what follows from an event in a phase. Pure and total. */
import { isTerminal, type Phase, type WorkPhase } from '../model/phase.ts';
import type { Failure, PhaseRecord, StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import { ITINERARIES } from './itineraries.ts';

/** Progress of a VM that has not begun. `at` is ISO 8601. */
export function begin(plan: VmPlan, at: string): VmProgress {
  return {
    vm: plan.vm.ref.id,
    targetName: plan.mapping.targetName,
    type: plan.type,
    phase: ITINERARIES[plan.type][0],
    since: at,
    history: [],
    transfers: [],
  };
}

/** The progress after `event`, which happened at `at` (ISO 8601). A terminal progress stays as it is, whatever comes. */
export function advance(progress: VmProgress, event: StepEvent, at: string): VmProgress {
  const { phase } = progress;
  if (isTerminal(phase)) return progress;
  switch (event.kind) {
    case 'transferred': {
      const others = progress.transfers.filter(({ job }) => job !== event.result.job);
      return { ...progress, transfers: [...others, event.result] };
    }
    case 'hook-ended':
      return { ...progress, hooks: [...(progress.hooks ?? []), event.result] };
    case 'source-stopping':
      return { ...progress, sourceStopped: true };
    case 'done':
      return next(progress, { phase, startedAt: progress.since, endedAt: at }, at);
    case 'skipped':
      return next(progress, { phase, startedAt: progress.since, endedAt: at, skipped: event.because }, at);
    case 'failed':
      return stop(progress, 'Failed', { phase, ...reasonOf(event) }, at);
    case 'canceled':
      return stop(progress, 'Canceled', { phase, ...CANCELED, ...sourceOf(event) }, at);
  }
}

/**
 * A failed or canceled migration goes back to the phase that stopped it, or to the one that stops the source where that was started
 * again: that ran meanwhile, and what was copied before is another state of it. Every other one continues where it is.
 */
export function resume(progress: VmProgress, at: string): VmProgress {
  const { failure, sourceStopped, ...rest } = progress;
  if (failure === undefined) return progress;
  if (failure.source === 'started-again') return { ...rest, transfers: [], phase: 'PowerOffSource', since: at };
  return { ...rest, ...(sourceStopped !== undefined && { sourceStopped }), phase: failure.phase, since: at };
}

const CANCELED = { code: 'canceled', message: 'Canceled on request.', hint: '' } as const;

type End = Extract<StepEvent, { readonly kind: 'failed' | 'canceled' }>;

function reasonOf({ kind: _kind, ...reason }: Extract<End, { readonly kind: 'failed' }>): Omit<Failure, 'phase'> {
  return reason;
}

function sourceOf({ source }: End): Pick<Failure, 'source'> {
  return source === undefined ? {} : { source };
}

function next(progress: VmProgress, record: PhaseRecord, at: string): VmProgress {
  return { ...progress, phase: following(progress, record.phase), since: at, history: [...progress.history, record] };
}

function stop(progress: VmProgress, phase: Phase, failure: Failure, at: string): VmProgress {
  return { ...progress, phase, since: at, failure };
}

function following({ type }: VmProgress, phase: WorkPhase): Phase {
  const itinerary = ITINERARIES[type];
  return itinerary[itinerary.indexOf(phase) + 1] ?? 'Completed';
}
