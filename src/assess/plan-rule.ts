/** Rules about all VMs of a plan together, after mapping: plan/<id>.ts, run by plan.ts. What one VM shows by itself is a target rule. */
import type { ClusterFacts } from '../model/cluster-facts.ts';
import type { FactsIndex } from './facts-index.ts';
import type { Finding, RuleWords } from './rule.ts';

export interface PlanRule extends RuleWords {
  check(totals: PlanTotals): readonly Finding[];
}

export interface PlanTotals {
  /** Number of VMs. */
  readonly vms: number;
  /** What they take together, by namespace and by the quota's own names. VMs without a known namespace are not in it. */
  readonly needs: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Bytes of guest memory of all. */
  readonly memory: number;
  readonly facts: ClusterFacts;
  readonly index: FactsIndex;
}
