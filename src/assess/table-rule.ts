/** Rules about the user's tables together with the source and the target: tables/<id>.ts, run by tables.ts once for a run. */
import type { NetworkSource } from '../model/mapping.ts';
import type { NetworkRef } from '../model/network.ts';
import type { Finding, RuleWords } from './rule.ts';
import type { SourceSurvey } from './source-survey.ts';
import type { Tables } from './table-mistakes.ts';

export interface TableRule extends RuleWords {
  check(tables: Tables, survey: SourceSurvey): readonly Finding[];
}

/** Whether an entry is about a network: all that is given fits, and a text fits id or name (see NetworkSource). */
export function fitsNetwork(source: NetworkSource, { id, name, vlan }: NetworkRef): boolean {
  if (typeof source === 'string') return source === id || source === name;
  if (source.id === undefined && source.name === undefined && source.vlan === undefined) return false;
  return (
    (source.id === undefined || source.id === id) &&
    (source.name === undefined || source.name === name) &&
    (source.vlan === undefined || source.vlan === vlan)
  );
}
