/** `kubeferry test-cutover PLAN VM…`: sets the switch of each VM; the operator makes the test, and removes it. */
import type { ClusterPlans } from '../../contracts/plans.ts';
import { MigrationError } from '../../model/errors.ts';
import { isBefore } from '../../model/phase.ts';
import type { PlanState, VmState } from '../../model/plan-state.ts';
import { printable } from '../../report/columns.ts';
import type { CommandContext } from '../context.ts';
import { type PlanAccess, planRef, requirePlan, selectVms, withPlans } from './plan-access.ts';

export interface ClusterTestOptions extends PlanAccess {
  readonly plan: string;
  readonly words: readonly string[];
  /** Remove the test. */
  readonly end: boolean;
  /** Wait until the guests are seen to boot, or not. */
  readonly prove: boolean;
}

/** @throws MigrationError `usage` for VMs that cannot be tested, those of the cluster */
export async function testInCluster(options: ClusterTestOptions, context: CommandContext): Promise<void> {
  const { plan: name, words, end, prove } = options;
  const { terminal, signal } = context;
  await withPlans(options, context, async (plans) => {
    const plan = await requirePlan(planRef(name, options, plans), plans, signal);
    const all = await plans.vms(plan, signal);
    if (words.length === 0 && !end) throw new MigrationError('usage', 'Name the VMs that are to be tested.');
    const chosen = words.length === 0 ? all.filter(({ tested }) => tested === true) : selectVms(all, words, plan);
    const refused = end ? [] : chosen.flatMap((vm) => refusalOf(vm, plan) ?? []);
    if (refused.length > 0) throw new MigrationError('usage', refused.join('\n'), { hint: 'Nothing was changed.' });
    if (chosen.length === 0) return terminal.err('No test is there to end.\n');
    const spec = end ? { testCutover: false, proveTest: null } : { testCutover: true, ...(prove && { proveTest: true }) };
    for (const vm of chosen) await switchOne(vm, spec, { plans, signal });
    const names = chosen.map(({ vm }) => vm.name).join(', ');
    const what = end ? 'its test is removed' : 'a test is made when it waits between two copies, without any network';
    terminal.err(`${printable(`${names}: ${what}. See \`kubeferry status ${plan.namespace}/${plan.name}\`.`)}\n`);
    if (prove) await tellProofs(chosen, plans, context);
  });
}

const LOOK_EVERY_MS = 1000;
/** How often a VM that changes meanwhile is looked at anew. */
const TRIES = 5;

/** A VM that has changed since it was looked at is looked at again. */
async function switchOne(
  vm: VmState,
  spec: Readonly<Record<string, unknown>>,
  { plans, signal }: { readonly plans: ClusterPlans; readonly signal: AbortSignal },
): Promise<void> {
  let now: VmState | undefined = vm;
  for (let tried = 1; now !== undefined; tried += 1) {
    try {
      return await plans.switchVm(now, spec, signal);
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'cluster-conflict' || tried === TRIES) throw error;
    }
    now = await plans.vm(vm, signal);
  }
  throw new MigrationError('cluster-object-missing', `${vm.vm.name} is gone.`);
}

/** Says of each what was seen, in the order in which that is sure. One that was not seen to boot makes it a failure. */
async function tellProofs(
  chosen: readonly VmState[],
  plans: ClusterPlans,
  { terminal, services, signal, exit }: CommandContext,
): Promise<void> {
  const left = new Set(chosen);
  while (left.size > 0) {
    for (const vm of left) {
      const outcome = outcomeOf(await plans.vm(vm, signal));
      if (outcome === undefined) continue;
      left.delete(vm);
      terminal.out(`${printable(`${vm.vm.name}: ${outcome.text}`)}\n`);
      if (!outcome.booted) exit(3);
    }
    if (left.size > 0) await services.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Undefined while nobody can say. */
function outcomeOf(vm: VmState | undefined): { readonly booted: boolean; readonly text: string } | undefined {
  const { test } = vm ?? {};
  if (test?.proof !== undefined) {
    const { booted, text, screenshot } = test.proof;
    const screen = screenshot === undefined ? '' : ` Its screen: ConfigMap ${screenshot}, screen.png.`;
    return { booted, text: `${booted ? 'its test was seen to boot' : 'its test was not seen to boot'}: ${text}.${screen}` };
  }
  if (test?.state === 'failed') return { booted: false, text: `its test failed: ${test.because ?? 'nobody knows why'}` };
  if (vm === undefined || vm.tested !== true) return { booted: false, text: 'its test was ended before anything was seen' };
  const { phase = 'Pending' } = vm;
  return isBefore(phase, 'PowerOffSource') ? undefined : { booted: false, text: `it is in ${phase}, where nothing is tested` };
}

function refusalOf({ vm, phase }: VmState, plan: PlanState): string | undefined {
  if (plan.type === 'cold') return `The plan ${plan.name} is cold: nothing of its VMs waits between two copies.`;
  if (phase === undefined || isBefore(phase, 'PowerOffSource')) return undefined;
  return `${vm.name} is cut over already, or has come to its end: it is in ${phase}.`;
}
