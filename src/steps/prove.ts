import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import { guestWork } from './guest-work.ts';
import type { StepContext } from './step.ts';

/**
 * A VM whose guest nobody saw boot is not migrated: what is missing here ends the migration as any other failure after the power-off does.
 * @throws MigrationError `boot-not-proven`, with what was seen noted before
 */
export async function prove(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const { prover, record } = context;
  if (plan.proof === undefined) return { kind: 'skipped', because: 'Nobody was asked to see the guest boot.' };
  if (prover === undefined) throw new Error('nobody sees guests boot');
  const proof = await prover.prove(plan, progress, guestWork(plan, context));
  if (proof === undefined) return { kind: 'skipped', because: 'The VM is to stay off.' };
  await record({ kind: 'boot-watched', proof });
  if (proof.booted) return { kind: 'done' };
  const { text = 'It gave no sign.' } = proof.trouble ?? {};
  throw new MigrationError('boot-not-proven', `${plan.vm.name} was not seen to boot: ${text}`, { vm: plan.vm.name });
}
