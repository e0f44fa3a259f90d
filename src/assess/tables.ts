/** Runs the rules about the user's tables, once for a run. Mistakes that need no source are in table-mistakes.ts. */
import type { Concern } from '../model/concern.ts';
import { toConcern } from './rule.ts';
import type { SourceSurvey } from './source-survey.ts';
import type { Tables } from './table-mistakes.ts';
import type { TableRule } from './table-rule.ts';
import { rule as kubevirtTooOld } from './tables/kubevirt-too-old.ts';
import { rule as mapSourceAmbiguous } from './tables/map-source-ambiguous.ts';
import { rule as mapSourceMissing } from './tables/map-source-missing.ts';
import { rule as mapSourceUnknown } from './tables/map-source-unknown.ts';
import { rule as mapTargetMissing } from './tables/map-target-missing.ts';
import { rule as namespaceMissing } from './tables/namespace-missing.ts';

export const TABLE_RULES: readonly TableRule[] = [
  mapSourceUnknown,
  mapSourceAmbiguous,
  mapSourceMissing,
  mapTargetMissing,
  namespaceMissing,
  kubevirtTooOld,
];

/** Concerns of the run as a whole. `survey` has seen every VM of the source, selected or not. */
export function assessTables(tables: Tables, survey: SourceSurvey): readonly Concern[] {
  return TABLE_RULES.flatMap((rule) => rule.check(tables, survey).map((finding) => toConcern(rule, finding)));
}
