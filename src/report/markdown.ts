/** For a ticket or a repository: the same content as the text, in tables. */
import type { Report, VmReport } from '../model/report.ts';
import { formatBytes } from '../model/units.ts';
import { printable } from './columns.ts';
import type { ReportDepth } from './depth.ts';
import { concernCounts, guestLine, hardwareLine, outcomeCounts, phaseSeconds, progressLine, valueChange } from './describe.ts';
import { renderYaml } from './yaml.ts';

export function renderMarkdown(report: Report, depth: ReportDepth): string {
  const lines = [
    `# Migration report: ${text(report.source)}`,
    '',
    `Made ${report.createdAt}.`,
    '',
    ...table(
      ['VM', 'Target', 'Hardware', 'Concerns', 'State'],
      report.vms.map((entry) => [
        entry.vm.name,
        entry.plan.mapping.targetName,
        hardwareLine(entry.vm),
        concernCounts(entry),
        entry.progress?.phase ?? 'not started',
      ]),
    ),
    ...report.vms.flatMap((entry) => ['', ...vmSection(entry, depth)]),
  ];
  return `${lines.join('\n')}\n`;
}

function vmSection(entry: VmReport, depth: ReportDepth): string[] {
  const { vm, concerns, plan, progress } = entry;
  const lines = [`## ${text(vm.name)}`, '', `${text(guestLine(vm))}, ${hardwareLine(vm)}`];
  if (concerns.length > 0) {
    const rows = concerns.map(({ category, label, id, subject, assessment }) => [
      category,
      `${label} (${id})`,
      subject,
      assessment,
    ]);
    lines.push('', '### Concerns', '', ...table(['Category', 'Concern', 'Subject', 'What it means and what to do'], rows));
  }
  if (progress !== undefined) lines.push('', ...progressSection(progress));
  if (depth === 'concerns') return lines;
  const rows = plan.mapping.decisions.map((decision) => [
    decision.outcome,
    decision.from,
    decision.to,
    valueChange(decision),
    decision.because,
  ]);
  lines.push('', `### Fields: ${outcomeCounts(plan.mapping.decisions)}`, '');
  lines.push(...table(['Outcome', 'Source', 'Target', 'Value', 'Because'], rows));
  lines.push('', '### Manifests', '', '```yaml', plan.mapping.manifests.map(renderYaml).join('---\n').trimEnd(), '```');
  return lines;
}

function progressSection(progress: NonNullable<VmReport['progress']>): string[] {
  const phases = progress.history.map((record) => [record.phase, phaseSeconds(record).toFixed(1), record.skipped ?? '']);
  const disks = progress.transfers.map(({ job, size, moved, seconds, transport, proof }) => [
    job,
    formatBytes(size),
    formatBytes(moved),
    seconds.toFixed(1),
    transport,
    proof === undefined ? 'not proven' : `${proof.algorithm} ${proof.root}`,
  ]);
  return [
    '### Migration',
    '',
    text(progressLine(progress)),
    '',
    ...table(['Phase', 'Seconds', 'Skipped because'], phases),
    '',
    ...table(['Disk', 'Size', 'Moved', 'Seconds', 'Transport', 'Proof'], disks),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(text).join(' | ')} |`);
}

/** Names come from outside: nothing in them may end a cell, start HTML or make a link. */
function text(raw: string): string {
  return printable(raw)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_[\]|]/g, '\\$&');
}
