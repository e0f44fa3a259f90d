/** By which label the VmMigrations of a plan are found: in lists of one plan, and with `kubectl get vmmigrations -l kubeferry.dev/plan=NAME`. */
import { GROUP } from './kind.ts';

const PLAN = `${GROUP}/plan`;
const LABEL_LENGTH = 63;

/** Names of plans may be longer than labels: plans whose names begin alike then share one, and `spec.planRef` decides. */
export function planLabels(plan: string): Readonly<Record<string, string>> {
  return { [PLAN]: plan.slice(0, LABEL_LENGTH).replace(/[^a-z0-9]+$/, '') };
}
