/** What a person's command means to the switches of a plan and its VMs: which fields are set, and why some make no sense. Pure. */
import { hasReached } from '../model/phase.ts';
import { isOver, type PlanState, type Standing, standingOf, type VmState } from '../model/plan-state.ts';

export const SWITCHES = ['cutover', 'cancel', 'retry', 'rollback', 'commit', 'pause', 'resume'] as const;

export type Switch = (typeof SWITCHES)[number];

type Fields = Readonly<Record<string, unknown>>;

/** What a command comes to for one VM, or for the plan. */
export type Verdict =
  | { readonly kind: 'set'; readonly spec: Fields }
  /** It is so already. */
  | { readonly kind: 'so'; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string };

export interface SwitchOptions {
  readonly plan: PlanState;
  /** RFC 3339; for cutover. Null: what was asked for is taken back, and the schedule decides again. */
  readonly at: string | null;
}

/** What is to be set, and what is to be said. Where anything is refused nothing is to be set. */
export interface Decision {
  /** Fields of the plan. */
  readonly plan?: Fields;
  /** VMs whose own fields are to be set; `judgeVm` says which. */
  readonly vms: readonly VmState[];
  /** What is so already, in sentences. */
  readonly so: readonly string[];
  readonly refused: readonly string[];
}

/** @param about all VMs of the plan, and those of them that were named; absent where nobody named any */
export function decide(
  command: Switch,
  { all, named }: { readonly all: readonly VmState[]; readonly named?: readonly VmState[] },
  options: SwitchOptions,
): Decision {
  const whole = named === undefined ? judgePlan(command, all, options) : undefined;
  const chosen = named ?? all.filter((vm) => concerns(command, vm));
  const judged = whole === undefined ? chosen.map((vm) => ({ vm, verdict: judgeVm(command, vm, options) })) : [];
  const verdicts = whole === undefined ? judged.map(({ verdict }) => verdict) : [whole];
  const said = (wanted: 'so' | 'refused'): readonly string[] =>
    verdicts.flatMap((verdict) => (verdict.kind !== 'set' && verdict.kind === wanted ? [verdict.because] : []));
  return {
    ...(whole?.kind === 'set' && { plan: whole.spec }),
    vms: judged.filter(({ verdict }) => verdict.kind === 'set').map(({ vm }) => vm),
    so: said('so'),
    refused: said('refused'),
  };
}

/** For one VM that is named. */
export function judgeVm(command: Switch, vm: VmState, options: SwitchOptions): Verdict {
  return VM_RULES[command](vm, standingOf(vm), options);
}

/**
 * For a plan as a whole: the switch of the plan, or undefined where the command is one for each of its VMs, those that `concerns` lets through.
 */
export function judgePlan(command: Switch, vms: readonly VmState[], { plan, at }: SwitchOptions): Verdict | undefined {
  const left = vms.filter((vm) => !isOver(standingOf(vm)) || standingOf(vm) === 'blocked').length;
  const over = vms.length > 0 && left === 0;
  switch (command) {
    case 'cancel':
      if (plan.canceled) return { kind: 'so', because: `The plan ${plan.name} is canceled already.` };
      if (over) return refused(`Nothing of the plan ${plan.name} is left to cancel: all its VMs have come to an end.`);
      return set({ canceled: true });
    case 'pause':
    case 'resume': {
      const paused = command === 'pause';
      if (plan.paused === paused) return { kind: 'so', because: `The plan ${plan.name} is ${paused ? '' : 'not '}paused.` };
      if (plan.canceled) return refused(`The plan ${plan.name} is canceled, which cannot be taken back.`);
      return set({ paused });
    }
    case 'cutover':
      if (plan.type === 'cold') return refused(COLD(plan));
      if (plan.canceled) return refused(`The plan ${plan.name} is canceled, which cannot be taken back.`);
      if (over) return refused(`Nothing of the plan ${plan.name} is left to cut over: all its VMs have come to an end.`);
      if (at === null && plan.cutover === undefined)
        return { kind: 'so', because: `Nobody asked for a cutover of the plan ${plan.name}.` };
      return set({ cutover: at });
    case 'retry':
      return plan.canceled ? refused(CANCELED_PLAN(plan)) : undefined;
    case 'rollback':
    case 'commit':
      if (plan.manualCommit || vms.some((vm) => concerns(command, vm))) return undefined;
      return refused(AUTO(plan));
  }
}

/** Whether a command about a whole plan means this VM. A VM that was canceled is tried again only where it is named. */
function concerns(command: Switch, vm: VmState): boolean {
  if (command === 'retry') return standingOf(vm) === 'failed';
  if (vm.committed || vm.rolledBack) return false;
  return vm.phase === 'AwaitCommit' || (command === 'rollback' && isLeftOff(vm));
}

/** It failed or was canceled, and its source does not run. */
function isLeftOff(vm: VmState): boolean {
  const standing = standingOf(vm);
  return (standing === 'failed' || standing === 'canceled') && vm.failure?.source === 'left-off';
}

const VM_RULES: Readonly<Record<Switch, (vm: VmState, standing: Standing, options: SwitchOptions) => Verdict>> = {
  cutover: (vm, standing, { plan, at }) => {
    if (plan.type === 'cold') return refused(COLD(plan));
    if (vm.phase !== undefined && hasReached(vm.phase, 'PowerOffSource')) {
      const because = `${vm.vm.name} is cut over already: it is in ${vm.phase}.`;
      return at === null ? refused(because) : { kind: 'so', because };
    }
    if (at === null && plan.cutover !== undefined)
      return refused(`The plan ${plan.name} itself is asked to be cut over: take that back without naming VMs.`);
    if (at === null && vm.cutover === undefined) return { kind: 'so', because: `Nobody asked for a cutover of ${vm.vm.name}.` };
    return ended(vm, standing) ?? set({ cutover: at });
  },
  cancel: (vm, standing, { plan }) => {
    if (vm.canceled || plan.canceled) return { kind: 'so', because: `${vm.vm.name} is canceled already.` };
    if (standing === 'blocked') return set({ canceled: true });
    if (vm.phase === 'AwaitCommit') return refused(`${vm.vm.name} is in the cluster: take it back with \`kubeferry rollback\`.`);
    // The VM may run in the cluster: whoever stopped now would have it run twice.
    if (vm.phase !== undefined && hasReached(vm.phase, 'CreateVm'))
      return refused(`${vm.vm.name} is at its cutover, in ${vm.phase}: it comes to its end.`);
    return ended(vm, standing) ?? set({ canceled: true });
  },
  retry: (vm, standing, { plan }) => {
    if (plan.canceled) return refused(CANCELED_PLAN(plan));
    if (vm.retry > vm.retried) return { kind: 'so', because: `${vm.vm.name} is about to be tried again.` };
    if (standing === 'failed' || standing === 'canceled' || standing === 'rolled-back')
      return set({ retry: Math.max(vm.retry, vm.retried) + 1, canceled: false, paused: false, rolledBack: false });
    return refused(`${vm.vm.name} has neither failed nor been canceled: it is ${WORDS[standing]}.`);
  },
  rollback: (vm, standing, { plan }) => {
    if (vm.rolledBack && standing === 'failed')
      return refused(`${vm.vm.name} could not be rolled back: mend what stopped it, and say \`kubeferry retry\`.`);
    if (vm.rolledBack || standing === 'rolled-back') return { kind: 'so', because: `${vm.vm.name} is rolled back already.` };
    return isLeftOff(vm) ? set({ rolledBack: true }) : wayBack(vm, plan, { rolledBack: true });
  },
  commit: (vm, _standing, { plan }) => {
    if (vm.committed) return { kind: 'so', because: `${vm.vm.name} is committed already.` };
    return wayBack(vm, plan, { committed: true });
  },
  pause: (vm, standing) => {
    if (vm.paused) return { kind: 'so', because: `${vm.vm.name} is paused.` };
    return ended(vm, standing) ?? set({ paused: true });
  },
  resume: (vm, standing, { plan }) => {
    if (plan.paused) return refused(`The plan ${plan.name} itself is paused: resume it without naming VMs.`);
    if (!vm.paused) return { kind: 'so', because: `${vm.vm.name} is not paused.` };
    return ended(vm, standing) ?? set({ paused: false });
  },
};

/** How people say where a VM stands. */
const WORDS: Readonly<Record<Standing, string>> = {
  waiting: 'waiting',
  blocked: 'blocked by Critical concerns',
  running: 'under way',
  completed: 'complete',
  failed: 'failed',
  canceled: 'canceled',
  'rolled-back': 'rolled back',
};

const COLD = ({ name }: PlanState): string =>
  `The plan ${name} is cold: its VMs are off while they are copied, and there is nothing to cut over.`;
const AUTO = ({ name }: PlanState): string =>
  `The plan ${name} commits by itself (commit.mode: auto): what is complete is final, and there is no way back to open or to close.`;
const CANCELED_PLAN = ({ name }: PlanState): string =>
  `The plan ${name} is canceled, which cannot be taken back: make another plan for its VMs.`;

/** Between the cutover and its end. */
function wayBack(state: VmState, plan: PlanState, spec: Fields): Verdict {
  const { vm, committed, rolledBack } = state;
  if (committed || state.phase === 'Committed') return refused(`${vm.name} is committed: its way back is given up.`);
  if (rolledBack) return refused(`${vm.name} is rolled back.`);
  if (state.phase === 'AwaitCommit') return set(spec);
  const standing = standingOf(state);
  if (standing === 'completed' || !plan.manualCommit) return refused(AUTO(plan));
  return refused(`${vm.name} is not in the cluster yet: it is ${WORDS[standing]}.`);
}

/** A VM that has come to an end takes no more orders. */
function ended({ vm }: VmState, standing: Standing): Verdict | undefined {
  return isOver(standing) && standing !== 'blocked'
    ? refused(`${vm.name} has come to its end: it is ${WORDS[standing]}.`)
    : undefined;
}

function set(spec: Fields): Verdict {
  return { kind: 'set', spec };
}

function refused(because: string): Verdict {
  return { kind: 'refused', because };
}
