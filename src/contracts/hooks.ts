/** Somebody else's work at named moments of a migration. What a hook is (a Job, a program) is known only to who runs it. */
import type { HookMoment, HookOutcome, VmPlan } from '../model/plan.ts';

export interface Hook {
  /** Tells one hook of one try from all others: a VM that is tried again runs its hooks again. */
  readonly key: string;
  readonly at: HookMoment;
  /** Whether its failure is that of the VM. */
  readonly onError: 'Fail' | 'Continue';
}

export interface HookEnd {
  readonly outcome: HookOutcome;
  /** What did it: the name of a Job, or of a program. */
  readonly by: string;
  /** What it said in the end, or why it failed; may be empty. */
  readonly message: string;
}

export interface HookOptions {
  readonly signal: AbortSignal;
  /** Called when it cannot run for now, with the reason, and with undefined when it can again. Must not throw. */
  readonly onWait: (because: string | undefined) => void;
}

export interface Hooks {
  /** In the order in which they run. */
  readonly all: readonly Hook[];
  /**
   * Brings a hook to its end. Looks first: one that was begun is gone on with, one that has ended is not run again.
   * When `signal` aborts, a hook that runs is ended too, unless the process leaves.
   * @throws MigrationError where nothing can be said of how it ended
   */
  run(hook: Hook, plan: VmPlan, options: HookOptions): Promise<HookEnd>;
}
