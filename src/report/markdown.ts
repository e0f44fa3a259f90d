/** For a ticket or a repository: the same content as the text, in tables. */
import type { Report, VmReport } from '../model/report.ts';
import { formatBytes } from '../model/units.ts';
import { printable } from './columns.ts';
import type { ReportDepth } from './depth.ts';
import {
  concernCounts,
  count,
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
import { type Exhibit, type Picture, pictureLink } from './exhibit.ts';
import { guestExhibits, plannedExhibits } from './guest/index.ts';
import { networkRows } from './networks.ts';
import { overview } from './overview.ts';
import { scheduleExhibits } from './schedule.ts';
import { STORAGE_CLASS_HEAD, storageClassReasons, storageClassRows } from './storage-classes.ts';
import { measuredExhibits, waitText } from './warm.ts';
import { renderYaml } from './yaml.ts';

/** Details of more VMs than this make a page that no viewer opens; tables and JSON hold them all. */
const DETAILED_VMS = 300;

export function renderMarkdown(report: Report, depth: ReportDepth): string {
  const detailed = report.vms.slice(0, DETAILED_VMS);
  const left = report.vms.length - detailed.length;
  const lines = [
    `# Migration report: ${text(report.source)}`,
    '',
    `Made ${report.createdAt}. ${count(report.vms.length, 'VM')}, ${formatBytes(overview(report).bytes)} to move.`,
    ...concernSection(report),
    ...waveSection(report),
    ...scheduleExhibits(report).flatMap((exhibit) => exhibitSection(exhibit, '##')),
    ...networkSection(report),
    ...storageClassSection(report),
    '',
    '## Virtual machines',
    '',
    ...table(
      ['VM', 'Target', 'Hardware', 'Concerns', 'Readiness', 'Copy', 'Downtime', 'State'],
      report.vms.map((entry) => [
        entry.vm.name,
        entry.plan.mapping.targetName,
        hardwareLine(entry.vm),
        concernCounts(entry),
        String(entry.readiness?.score ?? '-'),
        entry.estimate === undefined ? '-' : about(entry.estimate.copySeconds.likely),
        entry.estimate === undefined ? '-' : about(entry.estimate.downtimeSeconds.likely),
        entry.progress?.phase ?? 'not started',
      ]),
    ),
    ...detailed.flatMap((entry) => ['', ...vmSection(entry, depth)]),
    ...(left > 0 ? ['', `${count(left, 'further VM')} without details here: see the JSON report.`] : []),
    ...assumptionSection(report),
  ];
  return `${lines.join('\n')}\n`;
}

function concernSection(report: Report): string[] {
  const { topics } = overview(report);
  const run = [...report.concerns, ...(report.waves?.concerns ?? [])];
  const rows = topics.map(({ category, label, id, vms }) => [category, `${label} (${id})`, String(vms)]);
  return [
    ...run.flatMap(({ category, label, assessment }) => ['', `**${category}: ${text(label)}.** ${text(assessment)}`]),
    ...(report.vms.length > 1 && rows.length > 0 ? ['', '## Concerns', '', ...table(['Category', 'Concern', 'VMs'], rows)] : []),
  ];
}

function waveSection({ waves }: Report): string[] {
  if (waves === undefined || waves.waves.length === 0) return [];
  const rows = waves.waves.map(({ number, kind, startSeconds, endSeconds, vms, bytes, bottleneck, notes }) => [
    `${number}${kind === 'regular' ? '' : ` ${kind}`}`,
    startText(startSeconds),
    about(endSeconds - startSeconds),
    String(vms.length),
    formatBytes(bytes),
    bottleneck === undefined ? '' : bottleneckText(bottleneck),
    notes.join(' '),
  ]);
  const head = ['Wave', 'Starts', 'Takes', 'VMs', 'To move', 'Held back by', 'Notes'];
  return ['', '## Waves', '', `${text(wavesLine(waves))}.`, '', ...table(head, rows)];
}

function networkSection(report: Report): string[] {
  const rows = networkRows(report);
  const head = ['Attachment', 'Namespace', 'For', 'As'];
  return rows.length === 0 ? [] : ['', '## Network attachments to make', '', ...table(head, rows)];
}

function storageClassSection(report: Report): string[] {
  const rows = storageClassRows(report);
  if (rows.length === 0) return [];
  const reasons = storageClassReasons(report).flatMap(({ name, reasons: list }) =>
    list.map((reason) => `- ${text(name)}: ${text(reason)}`),
  );
  return ['', '## Storage classes', '', ...table(STORAGE_CLASS_HEAD, rows), '', ...reasons];
}

function assumptionSection({ assumptions = [], waves }: Report): string[] {
  const figures = [...assumptions, ...(waves?.assumptions ?? [])];
  if (figures.length === 0) return [];
  const rows = figures.map((one) => [one.id, assumptionText(one), one.source, one.why]);
  return ['', '## Assumptions', '', ...table(['Number', 'Value', 'From', 'Why'], rows)];
}

function predictionSection({ estimate, readiness }: VmReport): string[] {
  if (estimate === undefined) return [];
  const rows = [
    ['To move', formatBytes(estimate.bytes)],
    ['Copy and proof', spreadText(estimate.copySeconds)],
    ['Downtime', spreadText(estimate.downtimeSeconds)],
    ...(readiness === undefined
      ? []
      : [
          [
            'Readiness',
            [`${readiness.score} of 100`, ...readiness.reasons.map(({ because, points }) => `${because} (-${points})`)].join(
              '; ',
            ),
          ],
        ]),
  ];
  return ['', ...table(['Prediction', ''], rows)];
}

function vmSection(entry: VmReport, depth: ReportDepth): string[] {
  const { vm, concerns, plan, progress } = entry;
  const lines = [`## ${text(vm.name)}`, '', `${text(guestLine(vm))}, ${hardwareLine(vm)}`, ...predictionSection(entry)];
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
  for (const exhibit of [...measuredExhibits(entry), ...guestExhibits(entry)]) lines.push(...exhibitSection(exhibit, '###'));
  if (depth === 'concerns') return lines;
  for (const exhibit of plannedExhibits(plan)) lines.push(...exhibitSection(exhibit, '###'));
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
  const disks = progress.transfers.map((result) => [
    result.job,
    formatBytes(result.size),
    formatBytes(result.moved),
    String(result.passes ?? 1),
    result.seconds.toFixed(1),
    result.transport,
    repairText(result),
    result.proof === undefined ? 'not proven' : proofText(result.proof),
  ]);
  const waits = waitText(progress);
  const proven = provenLine(progress);
  return [
    '### Migration',
    '',
    text(progressLine(progress)),
    ...(waits === '' ? [] : ['', text(waits)]),
    '',
    ...table(['Phase', 'Seconds', 'Skipped because'], phases),
    '',
    ...table(['Disk', 'Size', 'Moved', 'Passes', 'Seconds', 'Transport', 'Repaired', 'Proof'], disks),
    ...(proven === '' ? [] : ['', `${proven}.`]),
  ];
}

function exhibitSection({ title, lines, head, rows, picture, quote }: Exhibit, mark: '##' | '###'): string[] {
  return [
    ...['', `${mark} ${title}`],
    ...lines.flatMap((line) => ['', text(line)]),
    ...(rows.length === 0 ? [] : ['', ...table(head, rows)]),
    ...(picture === undefined ? [] : ['', pictureText(picture)]),
    // Four spaces keep the lines together and make them nothing but text.
    ...(quote === undefined ? [] : ['', `${text(quote.title)}:`, '', ...quote.lines.map((line) => `    ${printable(line)}`)]),
  ];
}

function pictureText(picture: Picture): string {
  const link = pictureLink(picture, '');
  return link === undefined ? `${text(picture.about)}: ${text(picture.source)}` : `![${text(picture.about)}](${link})`;
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
