/** What is said of a plan in its conditions. Pure. */
import type { Judgement } from '../resources/conditions.ts';
import type { MigrationPlanStatus } from '../resources/migration-plan.ts';
import { windowOf } from './intent.ts';
import type { PlanResource } from './services.ts';
import type { Counts } from './tally.ts';

interface State {
  readonly status: MigrationPlanStatus;
  readonly counts: Counts;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a plan is doing, or why it does nothing. */
export function readyJudgement(plan: PlanResource, { status, counts, now }: State): Judgement {
  const { spec } = plan;
  const { total, waiting, running, completed, failed, canceled, blocked, parked } = counts;
  const about = (reason: string, message: string, done = false): Judgement => {
    return { type: 'Ready', status: done ? 'True' : 'False', reason, message };
  };
  const ended = completed + failed + canceled;
  if (total > 0 && completed === total) return about('Completed', 'All VMs are in the cluster.', true);
  if (spec.canceled) return about('Canceled', `${canceled} of ${total} VMs were canceled.`);
  if (total > 0 && ended === total && failed > 0) return about('Failed', `${failed} of ${total} VMs failed.`);
  if (total > 0 && ended === total)
    return about('Canceled', `${completed} of ${total} VMs are in the cluster; ${canceled} were canceled or taken back.`);
  const assessed = status.conditions?.find(({ type }) => type === 'Assessed');
  const refused = assessed !== undefined && assessed.status !== 'True';
  if (spec.dryRun && running === 0)
    return about('DryRun', refused ? assessed.message : `${total} VMs were assessed; nothing is begun.`, !refused);
  if (spec.paused) return about('Paused', `Nothing new begins; ${running} VMs are under way.`);
  if (refused) return about('Blocked', assessed.message);
  if (blocked > 0 && running === 0 && blocked === waiting)
    return about('Blocked', `${blocked} of ${total} VMs have open Critical concerns.`);
  if (running === 0 && windowOf(plan, now) === 'before')
    return about('Scheduled', `Nothing begins before ${spec.schedule?.start}.`);
  const rest = parked === 0 ? '' : ` ${parked} wait for a time, for somebody or for their group.`;
  return about('Running', `${completed} of ${total} VMs are complete.${rest}`);
}
