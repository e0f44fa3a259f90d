/**
 * Pure renderers of one Report: a function from data to text, chosen by name. They print nothing and judge nothing;
 * what stands in the report is what the manifests are made of, so the two cannot disagree.
 */
import type { Report } from '../model/report.ts';
import type { ReportDepth } from './depth.ts';
import { renderHtml } from './html/index.ts';
import { jsonParts } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderText } from './text.ts';

export { renderJsonLine } from './json.ts';
export { planLine, vmLine } from './status/changes.ts';
export { planTable, type VmView } from './status/plan.ts';
export { plansTable } from './status/plans.ts';

export const REPORT_FORMATS = ['text', 'json', 'markdown', 'html'] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

const RENDERERS: Readonly<Record<Exclude<ReportFormat, 'json'>, (report: Report, depth: ReportDepth) => string>> = {
  text: renderText,
  markdown: renderMarkdown,
  html: renderHtml,
};

/** The report in pieces, the last of which ends with a line feed: JSON of a large fleet is longer than a string can be. */
export function renderParts(report: Report, format: ReportFormat, depth: ReportDepth): Iterable<string> {
  return format === 'json' ? jsonParts(report, depth) : [RENDERERS[format](report, depth)];
}

/** The report as text that ends with a line feed. */
export function renderReport(report: Report, format: ReportFormat, depth: ReportDepth): string {
  return Array.from(renderParts(report, format, depth)).join('');
}
