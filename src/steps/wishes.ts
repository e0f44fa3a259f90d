import type { VmWishes } from '../contracts/wishes.ts';
import type { VmPlan } from '../model/plan.ts';
import type { StepContext } from './step.ts';

const NOBODY: VmWishes = { schedule: { cutover: { kind: 'when-ready' }, blackouts: [] } };

/** As of now. */
export function wishesOf(plan: VmPlan, { wishes }: Pick<StepContext, 'wishes'>): VmWishes {
  return wishes?.of(plan) ?? NOBODY;
}
