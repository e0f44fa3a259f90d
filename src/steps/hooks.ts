/** When hooks run, and what their failure means. */
import type { Hook, Hooks } from '../contracts/hooks.ts';
import type { Observer } from '../contracts/observer.ts';
import { MigrationError } from '../model/errors.ts';
import type { MigrationType, WorkPhase } from '../model/phase.ts';
import type { HookMoment, HookResult, StepEvent, VmPlan } from '../model/plan.ts';

interface Moments {
  readonly before?: HookMoment;
  readonly after?: HookMoment;
}

/**
 * BeforeCopy: the source is as it was, and runs where it ran. AfterCopy: all of it was copied once. BeforeCutover: the source is about to be shut
 * down (warm), or every byte is proven and nothing of the VM is in the cluster but its claims (cold). AfterCutover: the VM is there. OnFailure
 * has no phase of its own: it comes before a source that was stopped is started again.
 */
export const MOMENTS: Readonly<Record<MigrationType, Readonly<Partial<Record<WorkPhase, Moments>>>>> = {
  cold: {
    PowerOffSource: { before: 'BeforeCopy' },
    CopyDisks: { after: 'AfterCopy' },
    CreateVm: { before: 'BeforeCutover' },
    Prove: { after: 'AfterCutover' },
  },
  warm: {
    EnableTracking: { before: 'BeforeCopy' },
    CopyDisks: { after: 'AfterCopy' },
    PowerOffSource: { before: 'BeforeCutover' },
    Prove: { after: 'AfterCutover' },
  },
};

export interface HookContext {
  readonly hooks?: Hooks;
  readonly observer: Pick<Observer, 'hookWaits'>;
  /** What is known of hooks that have ended. */
  readonly ended: () => readonly HookResult[];
  /** Durable when it resolves. */
  readonly record: (event: StepEvent) => Promise<void>;
  readonly now: () => string;
  readonly signal: AbortSignal;
}

/** Runs the hooks of a moment one after the other; those that have ended count as they did. @throws MigrationError `hook-failed` */
export async function runHooks(moment: HookMoment | undefined, plan: VmPlan, context: HookContext): Promise<void> {
  for (const hook of context.hooks?.all.filter(({ at }) => at === moment) ?? []) {
    const { outcome, message } = await resultOf(hook, plan, context);
    if (outcome === 'succeeded' || hook.onError === 'Continue' || moment === 'OnFailure') continue;
    const how = outcome === 'timed-out' ? 'did not end in time' : 'failed';
    throw new MigrationError('hook-failed', `A hook at ${hook.at} ${how}${message === '' ? '.' : `: ${message}`}`);
  }
}

async function resultOf(
  hook: Hook,
  plan: VmPlan,
  { hooks, observer, ended, record, now, signal }: HookContext,
): Promise<HookResult> {
  const known = ended().find(({ hook: key }) => key === hook.key);
  if (known !== undefined) return known;
  if (hooks === undefined) throw new Error('hooks of nobody');
  const startedAt = now();
  const end = await hooks.run(hook, plan, { signal, onWait: (because) => observer.hookWaits?.(because) });
  const result = { hook: hook.key, at: hook.at, ...end, startedAt, endedAt: now() };
  await record({ kind: 'hook-ended', result });
  return result;
}
