/** Resources as the operator holds them, without a cluster. */
import type { Resource } from '../../src/contracts/resources.ts';
import type { Fleet, PlanResource, ProviderResource, VmResource } from '../../src/metrics/fleet.ts';
import type { VmMigrationStatus } from '../../src/resources/vm-migration.ts';

class FakeResources<Spec, Status> {
  readonly #all = new Map<string, Resource<Spec, Status>>();
  readonly #listeners: ((key: string) => void)[] = [];

  get(key: string): Resource<Spec, Status> | undefined {
    return this.#all.get(key);
  }

  values(): Iterable<Resource<Spec, Status>> {
    return this.#all.values();
  }

  subscribe(listener: (key: string) => void): void {
    this.#listeners.push(listener);
  }

  put(resource: Resource<Spec, Status>): void {
    this.#all.set(resource.key, resource);
    for (const listener of this.#listeners) listener(resource.key);
  }

  remove(key: string): void {
    this.#all.delete(key);
    for (const listener of this.#listeners) listener(key);
  }
}

export interface FakeFleet extends Fleet {
  readonly providers: FakeResources<ProviderResource['spec'], NonNullable<ProviderResource['status']>>;
  readonly plans: FakeResources<PlanResource['spec'], NonNullable<PlanResource['status']>>;
  readonly migrations: FakeResources<VmResource['spec'], VmMigrationStatus>;
}

export function fakeFleet(): FakeFleet {
  return { providers: new FakeResources(), plans: new FakeResources(), migrations: new FakeResources() };
}

const about = (name: string) => ({
  ...{ key: `lab/${name}`, namespace: 'lab', name, uid: name, generation: 1, deleting: false },
});

export function condition(type: string, status: 'True' | 'False', reason: string) {
  return { type, status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' } as const;
}

export function planNamed(
  name: string,
  status: NonNullable<PlanResource['status']>,
  type: 'cold' | 'warm' = 'cold',
): PlanResource {
  const spec = {
    providerRef: { name: 'vcenter' },
    selection: {},
    type,
    verify: true,
    recheckSource: false,
    proveAll: false,
    dryRun: false,
    paused: false,
    canceled: false,
  };
  return { ...about(name), spec, status };
}

export function providerNamed(name: string, status: NonNullable<ProviderResource['status']>): ProviderResource {
  return { ...about(name), spec: { type: 'vsphere', insecure: false, transport: 'auto' }, status };
}

export function vmOf(plan: string, name: string, status: VmMigrationStatus = {}): VmResource {
  const switches = { paused: false, canceled: false, committed: false, rolledBack: false, retry: 0 };
  return { ...about(name), spec: { planRef: { name: plan }, vm: { id: name, name }, ...switches }, status };
}
