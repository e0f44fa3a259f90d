import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import { forgetJournals } from './forget-journals.ts';
import type { StepContext } from './step.ts';
import { wishesOf } from './wishes.ts';

/** The VM runs at the target. Until somebody commits it, it can be taken back. */
export async function awaitCommit(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const event = decided(plan, progress, context);
  if (event.kind === 'done') await forgetJournals(plan, context);
  return event;
}

function decided(plan: VmPlan, { since }: VmProgress, context: StepContext): StepEvent {
  const { commit, decision } = wishesOf(plan, context);
  if (decision === 'roll-back') return { kind: 'turned', to: 'RollBack' };
  if (decision === 'commit' || commit === undefined) return { kind: 'done' };
  const { within, otherwise } = commit;
  if (within === undefined) {
    return { kind: 'parked', outlook: { next: 'commit', because: 'somebody has to commit it or take it back' } };
  }
  const end = Date.parse(since) + within * 1000;
  if (end <= context.clock.now()) {
    return otherwise === 'commit' ? { kind: 'done' } : { kind: 'turned', to: 'RollBack' };
  }
  const because = otherwise === 'commit' ? 'it is final by then' : 'it is taken back by then, unless somebody commits it';
  return { kind: 'parked', outlook: { next: 'commit', at: new Date(end).toISOString(), because } };
}

/**
 * Back to the source: the VM at the target is stopped and kept, then the source is started.
 * @throws MigrationError when either cannot be made sure: two of a VM must never run
 */
export async function rollBack(plan: VmPlan, { sourceStopped }: VmProgress, context: StepContext): Promise<StepEvent> {
  const { connection, destination, signal } = context;
  if (connection.power === undefined) throw new MigrationError('usage', 'Image files have nothing that could run again.');
  await destination.discardVm?.(plan, signal);
  if (sourceStopped === true) await connection.power.powerOn(plan.vm.ref, signal);
  return { kind: 'done' };
}
