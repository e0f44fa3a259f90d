/** For a terminal: what a person needs on one screen first, then the details of each VM. */
import type { Concern } from '../model/concern.ts';
import type { Estimate, Readiness } from '../model/estimate.ts';
import type { VmProgress } from '../model/plan.ts';
import type { Report, VmReport } from '../model/report.ts';
import type { TransferResult } from '../model/transfer.ts';
import { formatBytes } from '../model/units.ts';
import { columns, printable, wrap } from './columns.ts';
import type { ReportDepth } from './depth.ts';
import {
  concernCounts,
  count,
  diskBytes,
  guestLine,
  hardwareLine,
  outcomeCounts,
  phaseSeconds,
  progressLine,
  proofText,
  provenLine,
  repairText,
  valueChange,
} from './describe.ts';
import { about, assumptionText, bottleneckText, spreadText, startText, wavesLine } from './durations.ts';
import type { Exhibit } from './exhibit.ts';
import { guestExhibits, plannedExhibits } from './guest/index.ts';
import { networkRows } from './networks.ts';
import { overview } from './overview.ts';
import { scheduleExhibits } from './schedule.ts';
import { STORAGE_CLASS_HEAD, storageClassRows } from './storage-classes.ts';
import { measuredExhibits, waitText } from './warm.ts';

const WIDTH = 100;
/** More topics, waves or VMs than these would push the first screen away. */
const TOPICS_SHOWN = 12;
const WAVES_SHOWN = 10;

export function renderText(report: Report, depth: ReportDepth): string {
  const lines = [
    ...headLines(report),
    ...report.concerns.flatMap((concern) => ['', ...concernLines(concern, '')]),
    ...waveLines(report),
    ...scheduleExhibits(report).flatMap((exhibit) => exhibitLines(exhibit, '')),
    ...networkLines(report),
    ...storageClassLines(report),
    '',
    ...summary(report),
    ...report.vms.flatMap((entry) => ['', ...vmLines(entry, depth)]),
    ...assumptionLines(report),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** For one VM its own part says everything; a fleet is summed up first. */
function headLines(report: Report): string[] {
  const { vms, bytes, withCategory, withoutConcerns, topics } = overview(report);
  const head = `${report.source}: ${count(vms, 'VM')}, ${formatBytes(bytes)} to move`;
  if (vms < 2) return [head];
  const rows = topics
    .slice(0, TOPICS_SHOWN)
    .map(({ category, id, label, vms: number }) => [category, count(number, 'VM'), label, id]);
  return [
    head,
    `Critical ${withCategory.Critical}, Warning ${withCategory.Warning}, Information ${withCategory.Information}, without concerns ${withoutConcerns}`,
    ...(rows.length === 0 ? [] : ['', ...columns(rows, '  ')]),
    ...(topics.length > rows.length ? [`  and ${topics.length - rows.length} further kinds of concern`] : []),
  ];
}

function waveLines({ waves }: Report): string[] {
  if (waves === undefined || waves.waves.length === 0) return [];
  const shown = waves.waves.slice(0, WAVES_SHOWN);
  const rows = shown.map((wave) => [
    `${wave.number}${wave.kind === 'regular' ? '' : ` ${wave.kind}`}`,
    startText(wave.startSeconds),
    about(wave.endSeconds - wave.startSeconds),
    String(wave.vms.length),
    formatBytes(wave.bytes),
    wave.bottleneck === undefined ? '' : bottleneckText(wave.bottleneck),
  ]);
  const left = waves.waves.length - shown.length;
  return [
    '',
    `Waves: ${wavesLine(waves)}`,
    ...columns([['WAVE', 'STARTS', 'TAKES', 'VMS', 'TO MOVE', 'HELD BACK BY'], ...rows], '  '),
    ...(left > 0 ? [`  and ${left} more; -o json or -o html has them all`] : []),
    ...waves.concerns.flatMap((concern) => ['', ...concernLines(concern, '  ')]),
  ];
}

function networkLines(report: Report): string[] {
  const rows = networkRows(report);
  return rows.length === 0
    ? []
    : ['', 'Network attachments to make:', ...columns([['ATTACHMENT', 'NAMESPACE', 'FOR', 'AS'], ...rows], '  ')];
}

function storageClassLines(report: Report): string[] {
  const rows = storageClassRows(report);
  const head = STORAGE_CLASS_HEAD.map((word) => word.toUpperCase());
  return rows.length === 0 ? [] : ['', 'Storage classes:', ...columns([head, ...rows], '  ')];
}

/** Without firmware and NICs, which the part of each VM names, a line fits 120 columns with room for long names. */
function summary(report: Report): string[] {
  const migrated = report.vms.some(({ progress }) => progress !== undefined);
  const renamed = report.vms.some(({ vm, plan }) => vm.name !== plan.mapping.targetName);
  const head = ['VM', ...(renamed ? ['TARGET'] : []), 'CPU', 'MEMORY', 'DISKS', 'CONCERNS', 'READY', 'COPY', 'DOWNTIME'];
  const rows = report.vms.map((entry) => {
    const { vm, plan, estimate, readiness, progress } = entry;
    return [
      vm.name,
      ...(renamed ? [plan.mapping.targetName] : []),
      String(vm.cpu.count ?? '?'),
      vm.memory.size === undefined ? '?' : formatBytes(vm.memory.size),
      `${vm.disks.length}, ${formatBytes(diskBytes(vm))}`,
      concernCounts(entry),
      String(readiness?.score ?? '-'),
      estimate === undefined ? '-' : about(estimate.copySeconds.likely),
      estimate === undefined ? '-' : about(estimate.downtimeSeconds.likely),
      ...(migrated ? [progress?.phase ?? 'not started'] : []),
    ];
  });
  return columns([[...head, ...(migrated ? ['STATE'] : [])], ...rows]);
}

function assumptionLines({ assumptions = [], waves }: Report): string[] {
  const figures = [...assumptions, ...(waves?.assumptions ?? [])];
  if (figures.length === 0) return [];
  const rows = figures.map((one) => [one.id, assumptionText(one), one.source]);
  return ['', 'Predictions assume (reasons in -o markdown, html and json):', ...columns(rows, '  ')];
}

function vmLines(entry: VmReport, depth: ReportDepth): string[] {
  const { vm, plan, concerns, estimate, readiness, progress } = entry;
  const lines = [`── ${vm.name}`, `   ${guestLine(vm)}, ${hardwareLine(vm)}`];
  if (estimate !== undefined) lines.push(...predictionLines(estimate, readiness));
  for (const concern of concerns) lines.push('', ...concernLines(concern, '   '));
  if (depth === 'full') {
    for (const exhibit of plannedExhibits(plan)) lines.push(...exhibitLines(exhibit, '   '));
    lines.push('', `   Fields: ${outcomeCounts(plan.mapping.decisions)}`);
    lines.push(...decisionLines(entry));
  }
  if (progress !== undefined) lines.push('', ...progressLines(progress));
  for (const exhibit of [...measuredExhibits(entry), ...guestExhibits(entry)]) lines.push(...exhibitLines(exhibit, '   '));
  return lines;
}

function exhibitLines({ title, lines, head, rows, picture, quote }: Exhibit, indent: string): string[] {
  const table = [head.map((word) => word.toUpperCase()), ...rows];
  return [
    '',
    ...(lines.length === 0 ? [`${indent}${title}:`] : wrap(`${title}: ${lines.join(' ')}`, WIDTH, indent)),
    ...(rows.length === 0 ? [] : columns(table, `${indent}  `)),
    ...(picture === undefined || picture.source.startsWith('data:') ? [] : [`${indent}  ${picture.about}: ${picture.source}`]),
    ...(quote === undefined ? [] : [`${indent}  ${quote.title}:`, ...quote.lines.map((line) => `${indent}  | ${line}`)]),
  ];
}

function predictionLines({ bytes, copySeconds, downtimeSeconds }: Estimate, readiness: Readiness | undefined): string[] {
  const times = `copy ${spreadText(copySeconds)}, downtime ${spreadText(downtimeSeconds)}`;
  const reasons = readiness?.reasons.map(({ because, points }) => `${because} (-${points})`).join('; ');
  return [
    `   ${formatBytes(bytes)} to move: ${times}`,
    ...(readiness === undefined
      ? []
      : wrap(`Readiness ${readiness.score} of 100${reasons === '' ? '' : `: ${reasons}`}`, WIDTH, '   ')),
  ];
}

function concernLines({ category, id, label, subject, assessment }: Concern, indent: string): string[] {
  return [`${indent}${category}: ${label} (${id}, ${subject})`, ...wrap(assessment, WIDTH, `${indent}  `)];
}

function decisionLines({ plan }: VmReport): string[] {
  const { decisions } = plan.mapping;
  return (['changed', 'added', 'dropped', 'kept'] as const).flatMap((outcome) => {
    const chosen = decisions.filter((decision) => decision.outcome === outcome);
    if (chosen.length === 0) return [];
    const rows = chosen.map((decision) => [
      decision.from === '' ? shorten(decision.to) : decision.from,
      valueChange(decision),
      decision.because,
    ]);
    return [`   ${outcome}`, ...columns(rows, '     ')];
  });
}

/** The long common beginning of paths in a VirtualMachine says nothing here. */
function shorten(path: string): string {
  return path.replace('VirtualMachine/spec.template.spec.domain.', '').replace('VirtualMachine/spec.template.spec.', '');
}

function progressLines(progress: VmProgress): string[] {
  const phases = progress.history.map((record) => [
    record.phase,
    record.skipped === undefined ? `${phaseSeconds(record).toFixed(1)} s` : `skipped: ${record.skipped}`,
  ]);
  const lines = [`   ${progressLine(progress)}`, ...columns(phases, '     ')];
  for (const result of progress.transfers) lines.push(`     disk ${result.job}: ${proofLine(result)}`);
  if (progress.transfers.length > 1) lines.push(`     ${provenLine(progress)}`);
  const waits = waitText(progress);
  if (waits !== '') lines.push(...wrap(waits, WIDTH, '     '));
  if (progress.failure?.hint) lines.push(...wrap(progress.failure.hint, WIDTH, '     '));
  return lines;
}

/** What was moved and what is proven, in one line. */
function proofLine(result: TransferResult): string {
  const { size, moved, passes = 1, seconds, proof, transport } = result;
  const readings = passes > 1 ? ` in ${passes} passes` : '';
  const how =
    moved === 0 ? 'nothing left to move' : `${formatBytes(moved)} moved${readings} in ${seconds.toFixed(1)} s by ${transport}`;
  const proven = proof === undefined ? 'not proven (--no-verify)' : `proven: ${proofText(proof)}`;
  return [formatBytes(size), how, repairText(result), proven].filter((part) => part !== '').join(', ');
}
