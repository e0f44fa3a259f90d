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
    yield separator + vmJson(entry, depth, reasons);
    separator = ',\n';
  }
  yield `\n]${depth === 'full' ? `,\n"reasons":${JSON.stringify(reasons.list)}` : ''}}\n`;
}

/** One VM as it stands in the document. */
export function vmJson(entry: VmReport, depth: ReportDepth, reasons: ReasonTable): string {
  return inPieces(vmDocument(entry, depth, reasons));
}

/** One VM as a line that stands for itself. */
export function renderJsonLine(entry: VmReport, depth: ReportDepth): string {
  return `${inPieces(vmLine(entry, depth))}\n`;
}

/** Large parts of a VM: each member of them is written apart. */
const LARGE: ReadonlySet<string> = new Set(['plan', 'mapping']);

/**
 * The same text as JSON.stringify gives, from one call for each large part. One call for a whole VM takes twice as long as these
 * together (Node 24): a single character beyond Latin-1, in some concern, widens everything that the call writes.
 */
function inPieces(value: object): string {
  let text = '{';
  for (const [name, member] of Object.entries(value)) {
    const piece = LARGE.has(name) && typeof member === 'object' && member !== null ? inPieces(member) : JSON.stringify(member);
    if (piece !== undefined) text += `${text === '{' ? '' : ','}"${name}":${piece}`;
  }
  return `${text}}`;
}
