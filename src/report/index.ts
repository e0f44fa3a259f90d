/**
 * Pure renderers of one Report: a function from data to text, chosen by name. They print nothing and judge nothing;
 * what stands in the report is what the manifests are made of, so the two cannot disagree.
 */
import type { Report } from '../model/report.ts';
import type { ReportDepth } from './depth.ts';
import { renderHtml } from './html/index.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderText } from './text.ts';

export { renderJsonLine } from './json.ts';

export const REPORT_FORMATS = ['text', 'json', 'markdown', 'html'] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

const RENDERERS: Readonly<Record<ReportFormat, (report: Report, depth: ReportDepth) => string>> = {
  text: renderText,
  json: renderJson,
  markdown: renderMarkdown,
  html: renderHtml,
};

/** The report as text that ends with a line feed. */
export function renderReport(report: Report, format: ReportFormat, depth: ReportDepth): string {
  return RENDERERS[format](report, depth);
}
