/** What is said of a VM besides figures. */
import { type PlanState, standingOf, type VmState } from '../../model/plan-state.ts';
import { sinceCutoverText } from '../../model/since-cutover.ts';
import { instantText, outlookText } from '../outlook.ts';

/** `CopyDisks, proving` */
export function stateWord(vm: VmState): string {
  const standing = standingOf(vm);
  const word = vm.phase === undefined || standing === 'waiting' ? standing : vm.phase;
  const proving = vm.phase === 'CopyDisks' && vm.stage === 'prove';
  return `${word}${proving ? ', proving' : ''}${vm.paused && standing !== 'completed' ? ', paused' : ''}`;
}

/** What stopped it and what to do: none, one or two lines, which are long. */
export function troubleOf(vm: VmState): readonly string[] {
  const { failure, open, proof } = vm;
  switch (standingOf(vm)) {
    case 'failed':
      if (failure === undefined) return [];
      return [
        failureText(failure),
        ...(failure.phase === 'Prove' && proof?.screenshot !== undefined
          ? [`its screen: ConfigMap ${proof.screenshot}, screen.png`]
          : []),
        ...(failure.hint === '' ? [] : [`to do: ${failure.hint}`]),
      ];
    case 'blocked':
      return [`open: ${open.join(', ')}`, 'to do: resolve them, or accept each in the plan with a reason (spec.accept)'];
    default:
      return [];
  }
}

/** Why it waits, or what comes next; empty where there is nothing to say. */
export function noteOf(plan: PlanState, vm: VmState): string {
  switch (standingOf(vm)) {
    case 'waiting':
      return waitingText(plan, vm);
    case 'running':
      return nextText(plan, vm);
    case 'completed':
      return vm.proof?.booted === true ? `seen to boot: ${vm.proof.text}` : '';
    case 'rolled-back':
      return sinceCutoverText(vm.sinceCutover ?? []);
    default:
      return '';
  }
}

function failureText({ phase, code, message, source }: NonNullable<VmState['failure']>): string {
  const off = source === 'left-off' ? ' The source is off.' : '';
  return `in ${phase}: ${message} [${code}]${off}`;
}

function waitingText(plan: PlanState, { waitingFor, canceled, paused, retry, retried }: VmState): string {
  if (canceled || plan.canceled) return 'is being canceled';
  if (waitingFor !== undefined) return waitingFor;
  if (plan.dryRun) return 'assessed only: the plan is a dry run';
  if (plan.paused) return 'the plan is paused';
  if (paused) return 'paused';
  if (retry > retried) return 'is tried again';
  return plan.start === undefined ? '' : `begins at ${plan.start}`;
}

function nextText(plan: PlanState, { phase, doing, waitingFor, canceled, cutover, outlook, group, test }: VmState): string {
  if (canceled || plan.canceled) return 'is being canceled';
  const within = group === undefined ? '' : `group ${group}: `;
  if (phase === 'AwaitCommit') {
    const until = outlook?.at === undefined ? '' : ` until ${instantText(outlook.at)}, then ${outlook.because}`;
    return `${within}next: \`kubeferry commit\` or \`kubeferry rollback\`${until}`;
  }
  if (waitingFor !== undefined) return waitingFor;
  if (doing !== undefined) return doing;
  if (outlook !== undefined) return `${within}${outlookText(outlook, instantText)}${testText(test)}`;
  if (plan.type === 'cold') return '';
  const at = cutover ?? plan.cutover;
  if (at !== undefined) return `next: cutover at ${at}`;
  return phase === 'AwaitCutover' || phase === 'AwaitPrecopy' ? 'next: `kubeferry cutover`' : '';
}

function testText(test: VmState['test']): string {
  if (test === undefined) return '';
  if (test.state === 'failed') return `; its test failed: ${test.because ?? 'nobody knows why'}`;
  if (test.proof !== undefined)
    return `; its test ${test.vm} was ${test.proof.booted ? '' : 'not '}seen to boot: ${test.proof.text}`;
  if (test.state === 'converting')
    return `; the guest of its test ${test.vm} is converted${test.doing === undefined ? '' : `: ${test.doing}`}`;
  return test.state === 'started' ? `; its test ${test.vm} is there` : `; it is cloned for its test ${test.vm}`;
}
