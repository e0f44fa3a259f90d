import type { Resource, Resources } from '../contracts/resources.ts';
import type { MigrationPlanSpec, MigrationPlanStatus } from '../resources/migration-plan.ts';
import type { ProviderSpec, ProviderStatus } from '../resources/provider.ts';
import type { VmMigrationSpec, VmMigrationStatus } from '../resources/vm-migration.ts';

/** What the operator follows, as far as it is measured. */
export interface Fleet {
  readonly providers: Followed<ProviderSpec, ProviderStatus>;
  readonly plans: Followed<MigrationPlanSpec, MigrationPlanStatus>;
  readonly migrations: Followed<VmMigrationSpec, VmMigrationStatus>;
}

type Followed<Spec, Status> = Pick<Resources<Spec, Status>, 'get' | 'values' | 'subscribe'>;

export type ProviderResource = Resource<ProviderSpec, ProviderStatus>;
export type PlanResource = Resource<MigrationPlanSpec, MigrationPlanStatus>;
export type VmResource = Resource<VmMigrationSpec, VmMigrationStatus>;

/** Undefined for a VM whose plan is gone, and which goes after it. */
export function planOf({ plans }: Fleet, { namespace, spec }: VmResource): PlanResource | undefined {
  return plans.get(`${namespace}/${spec.planRef.name}`);
}

/** The labels of whatever is told about a plan. */
export function labelsOf({ namespace, name }: Pick<PlanResource, 'namespace' | 'name'>) {
  return { namespace, plan: name };
}
