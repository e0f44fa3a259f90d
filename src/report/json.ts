import type { Report, VmReport } from '../model/report.ts';
import type { ReportDepth } from './depth.ts';

/** The report as it is; with depth `concerns` without plans (progress stays). Fields keep their names over versions of the schema it carries. */
export function renderJson(report: Report, depth: ReportDepth): string {
  const shown = depth === 'full' ? report : { ...report, vms: report.vms.map(concernsOnly) };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

function concernsOnly({ plan: _plan, ...rest }: VmReport): Omit<VmReport, 'plan'> {
  return rest;
}
