/** The schedule of a run: when what begins, as far as it is known beforehand. */
import type { Report } from '../model/report.ts';
import type { Occasion, ScheduleReport, VmSchedule } from '../model/schedule-report.ts';
import { about, spreadText } from './durations.ts';
import type { Exhibit } from './exhibit.ts';
import { instantText } from './outlook.ts';

/** Empty where nothing was scheduled. */
export function scheduleExhibits({ schedule }: Report): readonly Exhibit[] {
  if (schedule === undefined) return [];
  const groups = schedule.groups.map(({ name, vms, next }) => [
    name,
    vms.join(', '),
    next === undefined ? 'not by itself' : occasionText(next),
  ]);
  return [
    {
      title: 'Schedule',
      lines: sentences(schedule),
      head: ['VM', 'Copied by', 'Predicted downtime', 'Next cutovers'],
      rows: schedule.vms.map((vm) => [vm.name, instantText(vm.copiedBy), spreadText(vm.downtime), occasionsText(vm)]),
    },
    ...(groups.length === 0
      ? []
      : [{ title: 'Cut over together', lines: [], head: ['Group', 'VMs', 'Next cutover'], rows: groups }]),
  ];
}

const CUTOVERS: Readonly<Record<ScheduleReport['cutover'], string>> = {
  manual: 'Cutover: when somebody says so, with kubeferry cutover.',
  'when-ready': 'Cutover: as soon as no precopy makes the rest smaller.',
  at: 'Cutover: at its time, or as soon after as can be.',
  windows: 'Cutover: in the next window in which it can end.',
};

function sentences({ start, precopyEvery, cutover, downtimeBudget, vms }: ScheduleReport): readonly string[] {
  const begin = start === undefined ? 'Begins at once.' : `Begins ${instantText(start)}.`;
  if (vms.length === 0) return [`${begin} No VM is migrated warm.`];
  const precopies = precopyEvery === undefined ? 'as often as what they measure asks for' : `every ${about(precopyEvery)}`;
  const budget = downtimeBudget === undefined ? '' : ` Not while more than ${about(downtimeBudget)} of downtime is predicted.`;
  return [`${begin} Precopies: ${precopies}. ${CUTOVERS[cutover]}${budget}`];
}

function occasionsText({ occasions, because }: VmSchedule): string {
  if (occasions.length === 0) return because ?? '';
  return occasions.map(occasionText).join('; ');
}

/** `2026-03-01 22:00 UTC to 23:00 UTC` */
function occasionText({ from, until }: Occasion): string {
  const begin = instantText(from);
  if (until === undefined) return `from ${begin}`;
  const end = instantText(until);
  return `${begin} to ${end.slice(0, 10) === begin.slice(0, 10) ? end.slice(11) : end}`;
}
