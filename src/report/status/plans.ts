/** All plans, a line each. */
import type { PlanState } from '../../model/plan-state.ts';
import { columns, printable } from '../columns.ts';
import { about } from '../durations.ts';
import { bar, clip } from './cells.ts';

export interface PlansTable {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of several namespaces. */
  readonly namespaces: boolean;
  readonly bars: boolean;
  /** Lines are cut to so many characters. */
  readonly width?: number;
}

const HEAD = ['PLAN', 'TYPE', 'STATE', 'VMS', 'RUNNING', 'DONE', 'FAILED', 'PROGRESS', 'AGE', ''];

export function plansTable(plans: readonly PlanState[], { now, namespaces, bars, width }: PlansTable): readonly string[] {
  const rows = plans.map((plan) => {
    const { counts, progress, createdAt } = plan;
    return [
      ...(namespaces ? [plan.namespace] : []),
      plan.name,
      plan.type,
      plan.state ?? 'new',
      ...[counts.total, counts.running, counts.completed, counts.failed].map(String),
      bars ? `${bar(progress, 10)} ${String(progress).padStart(3)} %` : `${progress} %`,
      createdAt === undefined ? '' : about(Math.max(0, (now - Date.parse(createdAt)) / 1000)),
      remark(plan),
    ];
  });
  const lines = columns([[...(namespaces ? ['NAMESPACE'] : []), ...HEAD], ...rows]).map(printable);
  return width === undefined ? lines : lines.map((line) => clip(line, width));
}

/** Only where the state alone does not say what to do. */
function remark({ state, message = '' }: PlanState): string {
  if (state === undefined) return 'no operator has looked at it yet';
  return ['Running', 'Completed', 'Canceled', 'Paused', 'DryRun'].includes(state) ? '' : message;
}
