/** Reports in the shape that is published as JSON (src/model/report-document.ts). */
import type { ConversionTerms } from '../model/conversion.ts';
import type { GuestInspection } from '../model/guest-inspection.ts';
import type { Decision } from '../model/mapping.ts';
import type { VmPlan } from '../model/plan.ts';
import type { Report, VmReport } from '../model/report.ts';
import type {
  ConversionDocument,
  DecisionDocument,
  InspectionDocument,
  PlanDocument,
  Reason,
  ReportDocument,
  VmDocument,
  VmLine,
} from '../model/report-document.ts';
import type { ReportDepth } from './depth.ts';

const SCHEMA: Report['schema'] = 'kubeferry.dev/report/v1';

/** Everything but `vms` and `reasons`, which grow with the fleet and are written VM by VM. */
export function reportHead({ vms: _vms, ...head }: Report): Omit<ReportDocument, 'vms' | 'reasons'> {
  return head;
}

/** One VM; its reasons go into `reasons`, which may be shared with others. */
export function vmDocument(entry: VmReport, depth: ReportDepth, reasons: ReasonTable): VmDocument {
  const { vm, concerns, inspection, estimate, readiness, plan, progress, downtime } = entry;
  return {
    vm,
    concerns,
    ...(inspection && { inspection: inspectionDocument(inspection) }),
    ...(estimate && { estimate }),
    ...(readiness && { readiness }),
    ...(depth === 'full' && { plan: planDocument(plan, reasons) }),
    ...(progress && { progress }),
    ...(downtime && { downtime }),
  };
}

export function vmLine(entry: VmReport, depth: ReportDepth): VmLine {
  const reasons = new ReasonTable();
  const document = vmDocument(entry, depth, reasons);
  return { schema: SCHEMA, ...document, ...(depth === 'full' && { reasons: reasons.list }) };
}

/** Numbers sentences in the order of their first use. */
export class ReasonTable {
  readonly #list: Reason[] = [];
  readonly #byRule = new Map<string, Map<string, number>>();

  get list(): readonly Reason[] {
    return this.#list;
  }

  indexOf({ rule, because }: Decision): number {
    let ofRule = this.#byRule.get(rule);
    if (ofRule === undefined) {
      ofRule = new Map();
      this.#byRule.set(rule, ofRule);
    }
    const known = ofRule.get(because);
    if (known !== undefined) return known;
    ofRule.set(because, this.#list.length);
    return this.#list.push({ rule, because }) - 1;
  }
}

function planDocument({ type, itinerary, group, conversion, proof, mapping }: VmPlan, reasons: ReasonTable): PlanDocument {
  const { targetName, manifests, placements, decisions } = mapping;
  return {
    type,
    itinerary,
    ...(group !== undefined && { group }),
    ...(conversion && { conversion: conversionDocument(conversion) }),
    ...(proof && { proof }),
    mapping: { targetName, manifests, placements, decisions: decisions.map((decision) => decisionDocument(decision, reasons)) },
  };
}

function inspectionDocument({ applications: _, network, ...inspection }: GuestInspection): InspectionDocument {
  return { ...inspection, network: network.map(({ kind, path }) => ({ kind, path })) };
}

function conversionDocument({ scripts, ...terms }: ConversionTerms): ConversionDocument {
  return { ...terms, ...(scripts && { scripts: scripts.map(({ name, when }) => ({ name, when })) }) };
}

/** Written out case by case: this runs a hundred times a VM. */
function decisionDocument(decision: Decision, reasons: ReasonTable): DecisionDocument {
  const { from, to, outcome, was, value } = decision;
  const reason = reasons.indexOf(decision);
  if (was !== undefined && value !== undefined) return { from, to, outcome, was, value, reason };
  if (was !== undefined) return { from, to, outcome, was, reason };
  if (value !== undefined) return { from, to, outcome, value, reason };
  return { from, to, outcome, reason };
}
