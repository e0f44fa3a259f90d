/** Which Critical concerns a plan takes for no obstacle. Pure. */
import type { Concern } from '../model/concern.ts';
import type { Report } from '../model/report.ts';
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

/** What was accepted, with the reason and for how many VMs. @param at RFC 3339, of what was not accepted before */
export function acceptedIn(plan: PlanResource, { vms }: Report, at: string): NonNullable<MigrationPlanStatus['accepted']> {
  return (plan.spec.accept ?? []).map(({ concern, reason }) => {
    const concerned = vms.filter(({ concerns, vm }) =>
      concerns.some((found) => found.id === concern && acceptance(found, plan, vm.ref) !== undefined),
    );
    const before = plan.status?.accepted?.find((known) => known.concern === concern && known.reason === reason);
    return { concern, reason, at: before?.at ?? at, vms: concerned.length };
  });
}

export function textOf(concerns: readonly Concern[]): string {
  return `Critical concerns are open: ${[...new Set(concerns.map(({ id }) => id))].join(', ')}`.slice(0, 1024);
}
