import { MigrationError } from '../model/errors.ts';
import { ownPlacements } from '../model/own-placements.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { Decision } from '../plan/warm/decide.ts';
import { type Gate, type Verdict, verdictAt } from '../plan/warm/group.ts';
import { decideOn } from './await-precopy.ts';
import { sourceChanges } from './source-changes.ts';
import { standBy, standDown } from './stand-by.ts';
import type { StepContext } from './step.ts';
import { wishesOf } from './wishes.ts';

/**
 * The last moment at which nothing has happened to the source: what can be done before it is shut down is done here, and the VMs of a group wait for
 * each other. One that waits so long that its final delta grows takes another precopy meanwhile.
 */
export async function awaitCutover(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const { held } = wishesOf(plan, context);
  // One of a group is not kept back here: the others may have begun.
  if (held !== undefined && progress.warm !== undefined && plan.group === undefined)
    return { kind: 'parked', outlook: { next: 'precopy', because: held } };
  const { verdict, decision, isTime } = lookAt(plan, progress, context);
  if (isTime) return await begun(plan, progress, context);
  if (decision?.kind === 'precopy') {
    // Of a run that was killed.
    await standDown(plan, progress, context);
    return { kind: 'turned', to: 'Snapshot' };
  }
  // Its window closed while it waited for the others.
  if (decision?.kind === 'wait' && verdict.kind === 'go') return { kind: 'parked', outlook: decision.outlook };
  const at = decision?.kind === 'wait' ? decision.outlook.at : new Date(context.clock.now() + LOOK_AGAIN).toISOString();
  return {
    kind: 'parked',
    outlook: { ...decision?.outlook, next: 'group', ...(at !== undefined && { at }), because: waiting(verdict) },
  };
}

function lookAt(plan: VmPlan, progress: VmProgress, context: StepContext): Look {
  const verdict = atGate('AwaitCutover', plan, context);
  const decision = progress.warm && decideOn(plan, progress.warm, context);
  const isTime = decision === undefined || decision.kind === 'cutover';
  return { verdict, decision, isTime: verdict.kind === 'go' && (isTime || verdict.begun) };
}

interface Look {
  readonly verdict: Verdict;
  readonly decision: Decision | undefined;
  readonly isTime: boolean;
}

/** Nothing has happened to the source when this ends; but what comes next shuts it down. */
async function begun(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const event = await madeReady(plan, progress, context);
  if (event.kind !== 'done') return event;
  await standBy(plan, context);
  const { verdict, decision, isTime } = lookAt(plan, progress, context);
  const { cutoverAt } = decision?.outlook ?? {};
  const isOpen = decision === undefined || (cutoverAt !== undefined && Date.parse(cutoverAt) <= context.clock.now());
  // What the guest wrote meanwhile is no reason to begin anew; that the rest of its window is too short now is one, and a VM of its group that failed.
  if (isTime || (isOpen && verdict.kind === 'go')) return event;
  await standDown(plan, progress, context);
  return await awaitCutover(plan, progress, context);
}

/** What was copied to and is gone is copied anew while the source runs. @throws MigrationError what making the VM would throw */
async function madeReady(plan: VmPlan, { warm, transfers }: VmProgress, context: StepContext): Promise<StepEvent> {
  const { destination, signal } = context;
  if (warm !== undefined) {
    await sourceChanges(plan, context);
    // It was planned anew just now: what is new is copied while the source runs.
    if (ownPlacements(plan).length > 0 && transfers.length === 0) return { kind: 'turned', to: 'Snapshot' };
  }
  await destination.makeReady?.(plan, signal);
  return { kind: 'done' };
}

/** Milliseconds after which the final delta of a VM that waits for its group is looked at again. */
const LOOK_AGAIN = 300_000;

/** Every source of the group is off and copied before any of its VMs is made. @throws MigrationError `group-failed` */
export function awaitGroup(plan: VmPlan, _progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const verdict = atGate('AwaitGroup', plan, context);
  if (verdict.kind === 'go') return Promise.resolve({ kind: 'done' });
  if (verdict.kind === 'fail') throw new MigrationError('group-failed', `Not cut over, because ${verdict.because}.`);
  return Promise.resolve({ kind: 'parked', outlook: { next: 'group', because: waiting(verdict) } });
}

function atGate(gate: Gate, plan: VmPlan, context: StepContext): Verdict {
  return verdictAt(gate, wishesOf(plan, context).companions ?? []);
}

/** Names in a sentence; more than these are counted. */
const NAMED = 3;

function waiting(verdict: Verdict): string {
  if (verdict.kind === 'go') return 'its group is ready';
  if (verdict.kind === 'fail') return verdict.because;
  const more = verdict.for.length - NAMED;
  return `its group waits for ${verdict.for.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
