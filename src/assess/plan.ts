/** Runs the rules about a whole plan. */
import type { Concern } from '../model/concern.ts';
import type { Mapping } from '../model/mapping.ts';
import { factsIndex } from './facts-index.ts';
import { needsOf } from './needs.ts';
import { rule as planOverCapacity } from './plan/plan-over-capacity.ts';
import { rule as planOverQuota } from './plan/plan-over-quota.ts';
import type { PlanRule } from './plan-rule.ts';
import { toConcern } from './rule.ts';
import type { TargetContext } from './target.ts';

export const PLAN_RULES: readonly PlanRule[] = [planOverQuota, planOverCapacity];

/** Concerns of the plan as a whole. Mappings are looked at one by one and not kept. */
export function assessPlan(
  mappings: Iterable<Pick<Mapping, 'manifests'>>,
  { facts, options }: TargetContext,
): readonly Concern[] {
  const index = factsIndex(facts);
  const needs = new Map<string, Map<string, number>>();
  let vms = 0;
  let memory = 0;
  for (const { manifests } of mappings) {
    const machine = manifests.find((one) => one.kind === 'VirtualMachine');
    if (machine === undefined) continue;
    const claims = manifests.filter((one) => one.kind === 'PersistentVolumeClaim');
    const needed = needsOf(machine, claims, index.defaultClass?.name);
    vms += 1;
    memory += needed.get('memory') ?? 0;
    const where = machine.metadata.namespace ?? options.namespace;
    if (where !== undefined) addTo(needs, where, needed);
  }
  return PLAN_RULES.flatMap((rule) =>
    rule.check({ vms, needs, memory, facts, index }).map((finding) => toConcern(rule, finding)),
  );
}

function addTo(needs: Map<string, Map<string, number>>, namespace: string, needed: ReadonlyMap<string, number>): void {
  const sums = needs.get(namespace) ?? new Map<string, number>();
  for (const [resource, amount] of needed) sums.set(resource, (sums.get(resource) ?? 0) + amount);
  needs.set(namespace, sums);
}
