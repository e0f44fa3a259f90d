/** For a terminal: what a person needs on one screen first, then the details of each VM. */
import type { Concern } from '../model/concern.ts';
import type { VmProgress } from '../model/plan.ts';
import type { Report, VmReport } from '../model/report.ts';
import type { TransferResult } from '../model/transfer.ts';
import { formatBytes } from '../model/units.ts';
import { columns, printable, wrap } from './columns.ts';
import type { ReportDepth } from './depth.ts';
import {
  concernCounts,
  count,
  guestLine,
  hardwareLine,
  outcomeCounts,
  phaseSeconds,
  progressLine,
  valueChange,
} from './describe.ts';

const WIDTH = 100;

export function renderText(report: Report, depth: ReportDepth): string {
  const lines = [
    `${report.source}: ${count(report.vms.length, 'VM')}`,
    '',
    ...summary(report),
    ...report.concerns.flatMap((concern) => ['', ...concernLines(concern, '')]),
    ...report.vms.flatMap((entry) => ['', ...vmLines(entry, depth)]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function summary(report: Report): string[] {
  const migrated = report.vms.some(({ progress }) => progress !== undefined);
  const head = ['VM', 'TARGET', 'HARDWARE', 'CONCERNS', ...(migrated ? ['STATE'] : [])];
  const rows = report.vms.map((entry) => [
    entry.vm.name,
    entry.plan.mapping.targetName,
    hardwareLine(entry.vm),
    concernCounts(entry),
    ...(migrated ? [entry.progress?.phase ?? 'not started'] : []),
  ]);
  return columns([head, ...rows]);
}

function vmLines(entry: VmReport, depth: ReportDepth): string[] {
  const { vm, plan, concerns, progress } = entry;
  const lines = [`── ${vm.name}`, `   ${guestLine(vm)}, ${hardwareLine(vm)}`];
  for (const concern of concerns) lines.push('', ...concernLines(concern, '   '));
  if (depth === 'full') {
    lines.push('', `   Fields: ${outcomeCounts(plan.mapping.decisions)}`);
    lines.push(...decisionLines(entry));
  }
  if (progress !== undefined) lines.push('', ...progressLines(progress));
  return lines;
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
  if (progress.failure?.hint) lines.push(...wrap(progress.failure.hint, WIDTH, '     '));
  return lines;
}

/** What was moved and what is proven, in one line. */
function proofLine({ size, moved, seconds, proof, transport }: TransferResult): string {
  const how = moved === 0 ? 'nothing left to move' : `${formatBytes(moved)} moved in ${seconds.toFixed(1)} s by ${transport}`;
  const proven = proof === undefined ? 'not proven (--no-verify)' : `proven: ${proof.algorithm} ${proof.root}`;
  return `${formatBytes(size)}, ${how}, ${proven}`;
}
