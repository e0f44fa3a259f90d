/** What is to be done about a VM, from its wishes, its plan and the time. Pure. */
import { isMigrated, isTerminal, type WorkPhase } from '../model/phase.ts';
import type { PlanResource, VmResource } from './services.ts';

/**
 * `run`: begin, go on, or bring a source back that was left off; `stop`: bring the source back and end as canceled; `cancel`, `expire`: end before the beginning; `clear`: remove what
 * was made and let the resource go.
 */
export type Intent = 'nothing' | 'run' | 'stop' | 'cancel' | 'expire' | 'clear';

/** From here on the VM may run in the cluster: whoever stopped now would have it run twice. */
const AT_CUTOVER: ReadonlySet<string> = new Set<WorkPhase>([
  'CreateVm',
  'Prove',
  'AwaitCommit',
  'RetireSource',
  'RollBack',
  'InspectTarget',
]);
/** A warm VM whose source is off: every minute that it waits is a minute of downtime. */
const DOWN: ReadonlySet<string> = new Set<WorkPhase>(['CopyFinalDelta', 'Convert', 'AwaitGroup']);

export function hasEnded(phase: string | undefined): boolean {
  return phase !== undefined && isTerminal(phase);
}

/** It can still be stopped without two copies of the VM. */
export function isBeforeCutover(phase: string): boolean {
  return !AT_CUTOVER.has(phase);
}

/** It goes on whatever the limits say. `at-will`: nothing that they count is left to do; `counted`: it burdens them beyond what they allow. */
export function urgencyOf(phase: string): 'none' | 'counted' | 'at-will' {
  if (AT_CUTOVER.has(phase) || phase === 'AwaitGroup') return 'at-will';
  return DOWN.has(phase) ? 'counted' : 'none';
}

/** It waits for a time, for somebody or for its group, and nothing is done for it meanwhile. */
export function isParked({ status }: Pick<VmResource, 'status'>): boolean {
  return status?.outlook !== undefined && !hasEnded(status.phase);
}

/** Its next phase is not to begin. */
export function isPaused({ spec, deleting }: VmResource): boolean {
  return spec.paused && !deleting && !spec.canceled;
}

/** It was asked to try again, and has not done so. */
export function wantsRetry({ spec, status }: Pick<VmResource, 'spec' | 'status'>): boolean {
  const { phase, retried = 0 } = status ?? {};
  return hasEnded(phase) && !isMigrated(phase) && spec.retry > retried;
}

/** Somebody wants its source back, which a failure or a cancellation left off. One that could not be brought back waits for a retry. */
export function wantsRollBack({ spec, status }: Pick<VmResource, 'spec' | 'status'>): boolean {
  const { phase, failure, sourceStopped } = status ?? {};
  if (!spec.rolledBack || (phase !== 'Failed' && phase !== 'Canceled')) return false;
  return sourceStopped === true && failure?.source !== 'started-again' && failure?.phase !== 'RollBack';
}

/** @param now milliseconds since the epoch */
export function intentOf(vm: VmResource, plan: PlanResource | undefined, now: number): Intent {
  const { spec, status, deleting } = vm;
  const phase = status?.phase;
  if (deleting) {
    // Who deletes one that could still be taken back gives the way back up.
    if (phase === undefined || hasEnded(phase) || phase === 'AwaitCommit') return 'clear';
    if (!isBeforeCutover(phase)) return 'run';
    // A source that was not touched needs nobody to bring it back, or to remove a snapshot from it.
    const { sourceStopped, warm } = status ?? {};
    return sourceStopped === true || warm?.held !== undefined || phase === 'Snapshot' ? 'stop' : 'clear';
  }
  if (wantsRollBack(vm)) return 'run';
  if (plan === undefined) return 'nothing';
  const canceled = spec.canceled || plan.spec.canceled;
  const held = canceled || spec.paused || plan.spec.paused || plan.spec.dryRun;
  if (hasEnded(phase)) return wantsRetry(vm) && !held ? 'run' : 'nothing';
  if (phase !== undefined) {
    if (canceled && isBeforeCutover(phase)) return 'stop';
    // What is being done comes to its end, whatever the plan says; what waits begins nothing new.
    return isPaused(vm) || (plan.spec.paused && isParked(vm) && isBeforeShutdown(phase)) ? 'nothing' : 'run';
  }
  if (canceled) return 'cancel';
  if (held || status?.targetName === undefined || (status.critical ?? 0) > 0 || !isAssessed(plan)) return 'nothing';
  switch (windowOf(plan, now)) {
    case 'before':
      return 'nothing';
    case 'open':
      return 'run';
    case 'over':
      return 'expire';
  }
}

/** Whether VMs may begin by the schedule. */
export function windowOf({ spec: { schedule } }: PlanResource, now: number): 'before' | 'open' | 'over' {
  if (schedule?.start !== undefined && now < Date.parse(schedule.start)) return 'before';
  if (schedule?.deadline !== undefined && now >= Date.parse(schedule.deadline)) return 'over';
  return 'open';
}

/** Nothing has happened to the source, and its VM waits. */
export function isBeforeShutdown(phase: string): boolean {
  return phase === 'Pending' || phase === 'AwaitPrecopy' || phase === 'AwaitCutover';
}

/** As it stands now, and with nothing against the plan as a whole. */
function isAssessed({ status, generation }: PlanResource): boolean {
  const judged = status?.conditions?.find(({ type }) => type === 'Assessed');
  return judged?.status === 'True' && status?.observedGeneration === generation;
}
