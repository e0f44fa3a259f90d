/** Draws the schedule of a run before anything has begun, from the estimates of its VMs. Pure. */
import type { Estimate } from '../../model/estimate.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { Schedule, Span } from '../../model/schedule.ts';
import type { Occasion, ScheduledGroup, ScheduleReport, VmSchedule } from '../../model/schedule-report.ts';
import type { CutoverOutlook } from './next-cutover.ts';
import { commonOccasion, occasionsOf } from './occasions.ts';

export interface Scheduled {
  readonly plan: Pick<VmPlan, 'vm' | 'type' | 'group'>;
  readonly estimate: Pick<Estimate, 'copySeconds' | 'downtimeSeconds'>;
}

/** Occasions that are drawn for each VM. */
const SHOWN = 3;

/**
 * @param now milliseconds since the epoch
 * @throws MigrationError `config-invalid` for a window that cannot be
 */
export function drawSchedule(schedule: Schedule, all: readonly Scheduled[], now: number): ScheduleReport {
  const begin = Math.max(now, schedule.start ?? now);
  const warm = all.filter(({ plan }) => plan.type === 'warm');
  return {
    ...(schedule.start !== undefined && { start: iso(schedule.start) }),
    ...(schedule.precopyEvery !== undefined && { precopyEvery: schedule.precopyEvery }),
    cutover: schedule.cutover.kind,
    ...(schedule.downtimeBudget !== undefined && { downtimeBudget: schedule.downtimeBudget }),
    vms: warm.map((entry) => drawVm(schedule, entry, begin)),
    groups: groupsOf(all).map(([name, members]) => drawGroup(schedule, { name, members, begin })),
  };
}

function drawVm(schedule: Schedule, { plan, estimate }: Scheduled, begin: number): VmSchedule {
  const outlook = outlookOf(estimate, begin);
  const { spans, because } = occasionsOf(schedule, outlook, SHOWN);
  return {
    vm: plan.vm.ref.id,
    name: plan.vm.name,
    copyFrom: iso(begin),
    copiedBy: iso(outlook.now),
    downtime: estimate.downtimeSeconds,
    occasions: spans.map(occasion),
    ...(because !== undefined && { because }),
  };
}

function drawGroup(
  schedule: Schedule,
  { name, members, begin }: { readonly name: string; readonly members: readonly Scheduled[]; readonly begin: number },
): ScheduledGroup {
  const [first, ...others] = members.filter(({ plan }) => plan.type === 'warm').map(({ estimate }) => outlookOf(estimate, begin));
  const next = first && commonOccasion(schedule, [first, ...others]);
  return { name, vms: members.map(({ plan }) => plan.vm.name), ...(next && { next: occasion(next) }) };
}

/** As it will be when the full copy has ended. */
function outlookOf({ copySeconds, downtimeSeconds }: Scheduled['estimate'], begin: number): CutoverOutlook {
  return { now: begin + copySeconds.likely * 1000, needs: downtimeSeconds.high, downtime: downtimeSeconds.likely };
}

function groupsOf(all: readonly Scheduled[]): readonly (readonly [string, readonly Scheduled[]])[] {
  const groups = new Map<string, Scheduled[]>();
  for (const entry of all) {
    const { group } = entry.plan;
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  return [...groups];
}

function occasion({ begin, end }: Span): Occasion {
  return { from: iso(begin), ...(end !== Number.POSITIVE_INFINITY && { until: iso(end) }) };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
