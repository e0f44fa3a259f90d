/** Follows one plan until it has come to its end: redrawn on a terminal, one line a change elsewhere. */
import type { ClusterPlans, PlanChange, PlanWatch } from '../../contracts/plans.ts';
import { isOver, type PlanRef, type PlanState, standingOf, type VmState } from '../../model/plan-state.ts';
import { planLine, planTable, vmLine } from '../../report/index.ts';
import type { CommandContext, ExitCode } from '../context.ts';
import type { Size } from '../services.ts';
import { Paces, paced } from './paces.ts';
import { Screen } from './screen.ts';

/** `refused`: the operator can do nothing with the plan as it is. */
export type PlanEnd = 'completed' | 'dry-run' | 'blocked' | 'refused' | 'failed' | 'canceled' | 'deleted';

export const EXITS: Readonly<Record<PlanEnd, ExitCode>> = {
  completed: 0,
  'dry-run': 0,
  blocked: 1,
  refused: 2,
  failed: 3,
  canceled: 3,
  deleted: 3,
};

export interface FollowOptions {
  readonly plans: ClusterPlans;
  /** Where it is shown. */
  readonly stream: 'out' | 'err';
  /** Only these VMs are shown; the end is that of all. */
  readonly shows?: (vm: VmState) => boolean;
}

const LOOK_EVERY_MS = 250;
/** An operator that runs looks at a plan within a second or two. */
const LONELY_MS = 15_000;
const LONELY = 'No operator has looked at this plan for a while: is the kubeferry operator running?';
const LINES_AT_FIRST = 40;
/** Nothing that the operator tries again by itself. */
const REFUSALS: ReadonlySet<string> = new Set(['ConfigInvalid', 'VmNotFound', 'Usage']);

/**
 * Undefined where the signal aborted before the end: the migration goes on without us.
 * @throws MigrationError where the cluster cannot be asked at the beginning
 */
export async function followPlan(ref: PlanRef, options: FollowOptions, context: CommandContext): Promise<PlanEnd | undefined> {
  const { clock } = context.services;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const watch = options.plans.follow({ namespace: ref.namespace, plan: ref.name }, signal);
  using display = openDisplay(watch, options, context);
  let dirty = true;
  watch.subscribe((change) => {
    dirty = true;
    display.change(change);
  });
  try {
    await watch.synced;
    const since = clock.now();
    while (!context.signal.aborted) {
      const [plan] = watch.plans();
      const lonely = plan?.current === false && clock.now() - since > LONELY_MS;
      if (dirty || lonely) display.show(lonely ? LONELY : undefined);
      const end = dirty ? endOf(plan, watch.vms()) : undefined;
      dirty = false;
      if (end !== undefined) return end;
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
    return undefined;
  } finally {
    stop.abort();
    await watch.ended;
  }
}

/** Undefined while there is something to wait for. */
export function endOf(plan: PlanState | undefined, vms: readonly VmState[]): PlanEnd | undefined {
  if (plan === undefined) return 'deleted';
  if (!plan.current) return undefined;
  if (REFUSALS.has(plan.state ?? '')) return 'refused';
  const standings = vms.map(standingOf);
  const count = (wanted: string): number => standings.filter((standing) => standing === wanted).length;
  if (plan.blocked && count('running') === 0) return 'blocked';
  // The operator counts what it made; we may not have been told of all yet.
  if (vms.length === 0 || vms.length < plan.counts.total) return undefined;
  if (plan.dryRun) return 'dry-run';
  if (plan.canceled ? standings.some((standing) => !isOver(standing) || standing === 'blocked') : !standings.every(isOver))
    return undefined;
  if (count('failed') > 0) return 'failed';
  if (count('blocked') > 0) return 'blocked';
  return count('completed') === vms.length ? 'completed' : 'canceled';
}

interface PlanDisplay extends Disposable {
  change(change: PlanChange): void;
  /** @param remark something else that a person should see */
  show(remark: string | undefined): void;
}

function openDisplay(
  watch: PlanWatch,
  { stream, shows = () => true }: FollowOptions,
  { terminal, services }: CommandContext,
): PlanDisplay {
  const write = (text: string): void => terminal[stream](text);
  const size = (): Size | undefined => terminal.size?.(stream);
  const vms = (): readonly VmState[] => watch.vms().filter(shows);
  const { clock } = services;
  return size() === undefined
    ? lines(watch, { write, vms, now: () => clock.now(), shows })
    : drawing(watch, { write, size, vms, now: () => clock.now() });
}

interface Drawing {
  readonly write: (text: string) => void;
  readonly vms: () => readonly VmState[];
  readonly now: () => number;
}

function drawing(watch: PlanWatch, { write, vms, now, size }: Drawing & { readonly size: () => Size | undefined }): PlanDisplay {
  const paces = new Paces();
  const screen = new Screen(write);
  let trouble: string | undefined;
  return {
    change(change) {
      trouble = change.kind === 'trouble' ? change.message : undefined;
      if (change.kind === 'vm' && change.now !== undefined) paces.note(change.now, now());
    },
    show(remark) {
      const [plan] = watch.plans();
      if (plan === undefined) return;
      const { columns, rows } = size() ?? { columns: 80, rows: 24 };
      const below = [remark, trouble].filter((text) => text !== undefined);
      const views = vms().map((vm) => paces.view(vm, now()));
      const table = planTable(plan, views, { bars: true, height: rows - 1 - below.length, width: columns });
      screen.draw([...table, ...below]);
    },
    [Symbol.dispose]: () => screen[Symbol.dispose](),
  };
}

/** What there is at first as a table, then one line a change. */
function lines(
  watch: PlanWatch,
  { write, vms, now, shows }: Drawing & { readonly shows: (vm: VmState) => boolean },
): PlanDisplay {
  let begun = false;
  let remarked: string | undefined;
  return {
    change(change) {
      if (!begun) return;
      const [plan] = watch.plans();
      const line = plan && lineOf(change, plan, shows);
      if (line !== undefined) write(`${line}\n`);
    },
    show(remark) {
      const [plan] = watch.plans();
      if (!begun && plan !== undefined) {
        begun = true;
        const table = planTable(
          plan,
          vms().map((vm) => paced(vm, now())),
          { bars: false, height: LINES_AT_FIRST },
        );
        write(`${table.join('\n').trimEnd()}\n`);
      }
      if (remark !== undefined && remark !== remarked) write(`${remark}\n`);
      remarked = remark;
    },
    [Symbol.dispose]: () => undefined,
  };
}

function lineOf(change: PlanChange, plan: PlanState, shows: (vm: VmState) => boolean): string | undefined {
  switch (change.kind) {
    case 'plan':
      return planLine(change.now, change.before);
    case 'vm':
      return [change.now, change.before].some((vm) => vm !== undefined && shows(vm))
        ? vmLine(plan, change.now, change.before)
        : undefined;
    case 'trouble':
      return change.message;
  }
}
