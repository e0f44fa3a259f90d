/** The published JSON: one VM a line inside of one document, or one VM a line and nothing else. */
import type { Report, VmReport } from '../model/report.ts';
import type { ReportDepth } from './depth.ts';
import { ReasonTable, reportHead, vmDocument, vmLine } from './document.ts';

/** One document; a line for each VM, so that a large fleet can be searched and compared with everyday tools. */
export function renderJson(report: Report, depth: ReportDepth): string {
  return [...jsonParts(report, depth)].join('');
}

/** The same in pieces of one VM each: a document of many VMs need not be in memory as a whole. */
export function* jsonParts(report: Report, depth: ReportDepth): Generator<string> {
  const reasons = new ReasonTable();
  // The head without its closing brace.
  yield `${JSON.stringify(reportHead(report)).slice(0, -1)},\n"vms":[`;
  let separator = '\n';
  for (const entry of report.vms) {
    yield separator + JSON.stringify(vmDocument(entry, depth, reasons));
    separator = ',\n';
  }
  yield `\n]${depth === 'full' ? `,\n"reasons":${JSON.stringify(reasons.list)}` : ''}}\n`;
}

/** One VM as a line that stands for itself. */
export function renderJsonLine(entry: VmReport, depth: ReportDepth): string {
  return `${JSON.stringify(vmLine(entry, depth))}\n`;
}
