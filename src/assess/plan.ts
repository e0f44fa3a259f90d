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

/** Concerns of the plan as a whole. */
export function assessPlan(mappings: Iterable<Pick<Mapping, 'manifests'>>, context: TargetContext): readonly Concern[] {
  const whole = new PlanAssessment(context);
  for (const mapping of mappings) whole.add(mapping);
  return whole.concerns();
}

/** The same, for mappings that come one by one. They are looked at and not kept. */
export class PlanAssessment {
  readonly #context: TargetContext;
  readonly #index: ReturnType<typeof factsIndex>;
  readonly #needs = new Map<string, Map<string, number>>();
  #vms = 0;
  #memory = 0;

  constructor(context: TargetContext) {
    this.#context = context;
    this.#index = factsIndex(context.facts);
  }

  add({ manifests }: Pick<Mapping, 'manifests'>): void {
    const machine = manifests.find((one) => one.kind === 'VirtualMachine');
    if (machine === undefined) return;
    const claims = manifests.filter((one) => one.kind === 'PersistentVolumeClaim');
    const needed = needsOf(machine, claims, this.#index.defaultClass?.name);
    this.#vms += 1;
    this.#memory += needed.get('memory') ?? 0;
    const where = machine.metadata.namespace ?? this.#context.options.namespace;
    if (where !== undefined) addTo(this.#needs, where, needed);
  }

  concerns(): readonly Concern[] {
    const all = { vms: this.#vms, needs: this.#needs, memory: this.#memory, facts: this.#context.facts, index: this.#index };
    return PLAN_RULES.flatMap((rule) => rule.check(all).map((finding) => toConcern(rule, finding)));
  }
}

function addTo(needs: Map<string, Map<string, number>>, namespace: string, needed: ReadonlyMap<string, number>): void {
  const sums = needs.get(namespace) ?? new Map<string, number>();
  for (const [resource, amount] of needed) sums.set(resource, (sums.get(resource) ?? 0) + amount);
  needs.set(namespace, sums);
}
