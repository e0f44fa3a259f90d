import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';
import { wishesOf } from './wishes.ts';

/** Nothing begins before its time. */
export function pending(plan: VmPlan, _progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const { start } = wishesOf(plan, context).schedule;
  if (start === undefined || start <= context.clock.now()) return Promise.resolve({ kind: 'done' });
  const at = new Date(start).toISOString();
  return Promise.resolve({ kind: 'parked', outlook: { next: 'start', at, because: 'the schedule says so' } });
}
