/** What is to be done about a VM, from its wishes, its plan and the time. Pure. */
import type { PlanResource, VmResource } from './services.ts';

/**
 * `run`: begin, or go on; `stop`: bring the source back and end as canceled; `cancel`, `expire`: end before the beginning; `clear`: remove what
 * was made and let the resource go.
 */
export type Intent = 'nothing' | 'run' | 'stop' | 'cancel' | 'expire' | 'clear';

const ENDED: ReadonlySet<string> = new Set(['Completed', 'Failed', 'Canceled']);
/** From here on the VM may run in the cluster: whoever stops now would have it run twice. */
const AT_CUTOVER: ReadonlySet<string> = new Set(['CreateVm', 'Prove']);

export function hasEnded(phase: string | undefined): boolean {
  return phase !== undefined && ENDED.has(phase);
}

/** It can still be stopped without two copies of the VM. */
export function isBeforeCutover(phase: string): boolean {
  return !AT_CUTOVER.has(phase);
}

/** Its next phase is not to begin. */
export function isPaused({ spec, deleting }: VmResource): boolean {
  return spec.paused && !deleting && !spec.canceled;
}

/** It was asked to try again, and has not done so. */
export function wantsRetry({ spec, status }: Pick<VmResource, 'spec' | 'status'>): boolean {
  return status?.phase !== 'Completed' && hasEnded(status?.phase) && spec.retry > (status?.retried ?? 0);
}

/** @param now milliseconds since the epoch */
export function intentOf(vm: VmResource, plan: PlanResource | undefined, now: number): Intent {
  const { spec, status, deleting } = vm;
  const phase = status?.phase;
  if (deleting) {
    if (phase === undefined || hasEnded(phase)) return 'clear';
    if (!isBeforeCutover(phase)) return 'run';
    // A source that was not touched needs nobody to bring it back.
    return status?.sourceStopped === true ? 'stop' : 'clear';
  }
  if (plan === undefined) return 'nothing';
  const canceled = spec.canceled || plan.spec.canceled;
  const held = canceled || spec.paused || plan.spec.paused || plan.spec.dryRun;
  if (hasEnded(phase)) return wantsRetry(vm) && !held ? 'run' : 'nothing';
  if (phase !== undefined) {
    if (canceled && isBeforeCutover(phase)) return 'stop';
    // What has begun comes to its end, whatever the plan says.
    return isPaused(vm) ? 'nothing' : 'run';
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

/** As it stands now, and with nothing against the plan as a whole. */
function isAssessed({ status, generation }: PlanResource): boolean {
  const judged = status?.conditions?.find(({ type }) => type === 'Assessed');
  return judged?.status === 'True' && status?.observedGeneration === generation;
}
