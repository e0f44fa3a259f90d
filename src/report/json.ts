/** The published JSON: one VM a line inside of one document, or one VM a line and nothing else. */
import type { Report, VmReport } from '../model/report.ts';
import type { ReportDepth } from './depth.ts';
import { ReasonTable, reportHead, vmDocument, vmLine } from './document.ts';

/**
 * One document with a line for each VM, so that a large fleet can be searched and compared with everyday tools; in pieces of one VM,
 * because as a whole it may be longer than a string can be (512 MiB).
 */
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
