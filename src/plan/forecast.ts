/** Estimates, readiness and waves of one run, all from the same numbers. */
import type { Concern } from '../model/concern.ts';
import type { Assumption, EntanglementGroup, Estimate, Readiness, Relation, WavePlan, WaveWindow } from '../model/estimate.ts';
import type { VmPlan } from '../model/plan.ts';
import type { SourceVm } from '../model/vm.ts';
import { entanglement, JOINED_BY_DEFAULT } from './entanglement.ts';
import { estimate } from './estimate.ts';
import { type EstimateBasis, type EstimateOptions, estimateBasis } from './figures.ts';
import { readiness } from './readiness.ts';
import { relationsOf } from './relations.ts';
import { storageClassesOf } from './targets.ts';
import { waveCandidate } from './wave-units.ts';
import { planWaves } from './waves.ts';

export interface ForecastOptions extends EstimateOptions {
  /** When waves may run; 8 hours a day when absent. */
  readonly window?: WaveWindow;
}

const DEFAULT_WINDOW: WaveWindow = { hours: 8 };

/** What is predicted about one VM. */
export interface Prediction {
  readonly estimate: Estimate;
  readonly readiness: Readiness;
}

/** What a plan will take, the VM having the link for itself. */
export function estimateOf({ vm, type, mapping, conversion, proof }: VmPlan, basis: EstimateBasis): Estimate {
  const guest = { ...(conversion && { conversion }), ...(proof && { proof }) };
  return estimate(vm, basis, { type, targets: storageClassesOf(mapping), ...guest });
}

export class Forecast {
  readonly #basis: EstimateBasis;
  readonly #window: WaveWindow;
  readonly #groups: readonly EntanglementGroup[];
  readonly #ties = new Map<string, Relation[]>();

  /** @throws MigrationError `config-invalid` for a number that cannot be */
  constructor(vms: readonly SourceVm[], { window = DEFAULT_WINDOW, ...options }: ForecastOptions) {
    this.#basis = estimateBasis(options);
    this.#window = window;
    const relations = relationsOf(vms);
    this.#groups = entanglement(
      vms.map(({ ref }) => ref.id),
      relations,
    );
    for (const relation of relations) if (JOINED_BY_DEFAULT.includes(relation.kind)) this.#note(relation);
  }

  get assumptions(): readonly Assumption[] {
    return this.#basis.assumptions;
  }

  /** Seconds that the final delta of a warm migration shall take at most. */
  get downtimeGoal(): number {
    return this.#basis.downtimeGoal;
  }

  predict(plan: VmPlan, concerns: readonly Concern[]): Prediction {
    const { vm } = plan;
    const predicted = estimateOf(plan, this.#basis);
    const relations = this.#ties.get(vm.ref.id) ?? [];
    return { estimate: predicted, readiness: readiness(vm, { concerns, estimate: predicted, relations }) };
  }

  /** @throws MigrationError `config-invalid` for a window that cannot be */
  waves(vms: readonly ({ readonly vm: SourceVm } & Prediction)[]): WavePlan {
    const candidates = vms.map((entry) => waveCandidate(entry.vm, entry.estimate, entry.readiness));
    return planWaves({ candidates, groups: this.#groups, basis: this.#basis, window: this.#window });
  }

  #note(relation: Relation): void {
    for (const member of relation.members) {
      const ties = this.#ties.get(member);
      if (ties === undefined) this.#ties.set(member, [relation]);
      else ties.push(relation);
    }
  }
}
