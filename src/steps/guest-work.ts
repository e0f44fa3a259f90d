import type { GuestWork } from '../contracts/guests.ts';
import type { VmPlan } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/** Who works on a guest tells those who watch the migration. */
export function guestWork(plan: VmPlan, { observer, signal }: Pick<StepContext, 'observer' | 'signal'>): GuestWork {
  return {
    signal,
    onProgress: (text) => observer.guestWork?.(plan, text),
    onWait: (because) => observer.guestWaits?.(plan, because),
  };
}
