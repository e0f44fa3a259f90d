/** The schedule and the groups of a plan as its spec says them. Pure; the other way round is src/operator/schedule.ts. */
import type { z } from 'zod';
import { formatDuration } from '../model/duration.ts';
import type { CommitPolicy, CutoverPolicy, RecurringWindow, Schedule, Span } from '../model/schedule.ts';
import type { MIGRATION_PLAN } from './migration-plan.ts';

type PlanSpec = z.input<typeof MIGRATION_PLAN.spec>;
type ScheduleSpec = NonNullable<PlanSpec['schedule']>;

/** What goes without saying is left out. @param type cold plans have no cutover to speak of */
export function scheduleSpec(schedule: Schedule, type: 'cold' | 'warm'): ScheduleSpec {
  const { start, precopyEvery, cutover, blackouts, downtimeBudget } = schedule;
  return {
    ...(start !== undefined && { start: iso(start) }),
    ...(precopyEvery !== undefined && { precopyEvery: formatDuration(precopyEvery) }),
    ...(type === 'warm' && { cutover: cutoverSpec(cutover) }),
    ...(blackouts.length > 0 && { blackouts: blackouts.map(blackoutSpec) }),
    ...(downtimeBudget !== undefined && { downtimeBudget: formatDuration(downtimeBudget) }),
  };
}

/** @param groups group by name or id of a VM */
export function groupsSpec(groups: ReadonlyMap<string, string>): NonNullable<PlanSpec['groups']> {
  const named = Map.groupBy(groups, ([, group]) => group);
  return [...named].map(([name, members]) => ({ name, vms: members.map(([vm]) => vm) }));
}

export function commitSpec({ within, otherwise }: CommitPolicy): NonNullable<PlanSpec['commit']> {
  if (within === undefined) return { mode: 'manual' };
  return { mode: 'manual', within: formatDuration(within), otherwise: otherwise === 'commit' ? 'Commit' : 'RollBack' };
}

function cutoverSpec(policy: CutoverPolicy): NonNullable<ScheduleSpec['cutover']> {
  switch (policy.kind) {
    case 'manual':
      return { mode: 'manual' };
    case 'when-ready':
      return { mode: 'whenReady' };
    case 'windows':
      return { mode: 'windows', windows: policy.windows.map(windowSpec) };
    case 'at':
      return { mode: 'at', at: iso(policy.at), ...(policy.until !== undefined && { until: iso(policy.until) }) };
  }
}

function windowSpec({ cron, minutes, timeZone }: RecurringWindow) {
  return { cron, duration: formatDuration(minutes * 60), timeZone };
}

function blackoutSpec(blackout: RecurringWindow | Span): NonNullable<ScheduleSpec['blackouts']>[number] {
  return 'cron' in blackout ? windowSpec(blackout) : { from: iso(blackout.begin), until: iso(blackout.end) };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
