/** Which Critical concerns a plan takes for no obstacle. Pure. */
import type { Concern } from '../model/concern.ts';
import type { VmReport } from '../model/report.ts';
import type { MigrationPlanStatus } from '../resources/migration-plan.ts';
import type { PlanResource } from './services.ts';

export type VmName = { readonly id: string; readonly name: string };

/** What is said of a concern in `accept`. @param vm absent for a concern about the plan as a whole */
export function acceptance({ id, category }: Concern, { spec }: PlanResource, vm: VmName | undefined) {
  if (category !== 'Critical') return undefined;
  return spec.accept?.find(
    ({ concern, vms }) =>
      concern === id && (vms === undefined || (vm !== undefined && (vms.includes(vm.id) || vms.includes(vm.name)))),
  );
}

export function isOpen(concern: Concern, plan: PlanResource, vm: VmName | undefined): boolean {
  return concern.category === 'Critical' && acceptance(concern, plan, vm) === undefined;
}

/** What was accepted, with the reason and for how many VMs. */
export class Accepted {
  readonly #plan: PlanResource;
  /** VMs, by the place of what accepts them. */
  readonly #vms: number[];

  constructor(plan: PlanResource) {
    this.#plan = plan;
    this.#vms = (plan.spec.accept ?? []).map(() => 0);
  }

  add({ concerns, vm }: Pick<VmReport, 'concerns' | 'vm'>): void {
    const { accept = [] } = this.#plan.spec;
    const taken = new Set(concerns.flatMap((found) => (acceptance(found, this.#plan, vm.ref) === undefined ? [] : [found.id])));
    for (const [index, { concern }] of accept.entries()) if (taken.has(concern)) this.#vms[index] = (this.#vms[index] ?? 0) + 1;
  }

  /** @param at RFC 3339, of what was not accepted before */
  list(at: string): NonNullable<MigrationPlanStatus['accepted']> {
    const { spec, status } = this.#plan;
    return (spec.accept ?? []).map(({ concern, reason }, index) => {
      const before = status?.accepted?.find((known) => known.concern === concern && known.reason === reason);
      return { concern, reason, at: before?.at ?? at, vms: this.#vms[index] ?? 0 };
    });
  }
}

export function textOf(concerns: readonly Concern[]): string {
  return `Critical concerns are open: ${[...new Set(concerns.map(({ id }) => id))].join(', ')}`.slice(0, 1024);
}
