/** Starts, shows and switches plans for the command line. Our own kinds and the Secrets of providers; nothing else of a cluster is touched here. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../contracts/clock.ts';
import type { ClusterAccess } from '../../contracts/cluster.ts';
import type { Applied, AppliedObject, ClusterPlans, PlanScope, PlanWatch, SealedVm } from '../../contracts/plans.ts';
import type { PlanRef, PlanState, VmState } from '../../model/plan-state.ts';
import { KINDS } from '../../resources/index.ts';
import { MIGRATION_PLAN } from '../../resources/migration-plan.ts';
import { PROVIDER } from '../../resources/provider.ts';
import { VM_MIGRATION } from '../../resources/vm-migration.ts';
import type { KubeClient, KubeObject, ResourceType } from '../client/kube-client.ts';
import { type Cluster, openCluster } from '../index.ts';
import { SECRETS } from '../kinds.ts';
import { typeOf } from '../resources/collection.ts';
import { byName, followPlans, labelsOf } from './follow.ts';
import { ifInstalled, pagesIfInstalled } from './installed.ts';
import { sealedDisks, withoutShared } from './sealed-disks.ts';
import { planState, vmState, withProvider } from './states.ts';

const PLANS = typeOf(MIGRATION_PLAN);
const VMS = typeOf(VM_MIGRATION);
const PROVIDERS = typeOf(PROVIDER);

/** @throws MigrationError `cluster-not-configured` */
export async function openPlans(access: ClusterAccess, clock: Clock): Promise<ClusterPlans> {
  return new PlansOfCluster(await openCluster(access, clock), clock);
}

class PlansOfCluster implements ClusterPlans {
  readonly host: string;
  readonly namespace: string;
  readonly #cluster: Cluster;
  readonly #client: KubeClient;
  readonly #clock: Clock;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#client = cluster.client;
    this.#clock = clock;
    this.host = cluster.host;
    this.namespace = cluster.namespace ?? 'default';
  }

  async list(scope: PlanScope, signal: AbortSignal): Promise<readonly PlanState[]> {
    const plans: PlanState[] = [];
    for await (const { items } of pagesIfInstalled(this.#client.list(PLANS, { ...within(scope), signal }))) {
      plans.push(...items.map(planState));
    }
    return await Promise.all(plans.toSorted(byName).map((plan) => this.#explained(plan, signal)));
  }

  async get({ namespace, name }: PlanRef, signal: AbortSignal): Promise<PlanState | undefined> {
    const found = await ifInstalled(this.#client.get(PLANS, { namespace, name }, { signal }));
    return found && (await this.#explained(planState(found), signal));
  }

  async vms({ namespace, name }: PlanRef, signal: AbortSignal): Promise<readonly VmState[]> {
    const vms: VmState[] = [];
    for await (const { state } of this.#vmsOf({ namespace, plan: name }, signal)) vms.push(state);
    return vms.toSorted(byName);
  }

  async sealed(scope: PlanScope, signal: AbortSignal): Promise<readonly SealedVm[]> {
    const all: SealedVm[] = [];
    for await (const { object, state } of this.#vmsOf(scope, signal)) all.push({ vm: state, disks: sealedDisks(object) });
    const kept = new Set(withoutShared(all.flatMap(({ disks }) => disks)));
    return all
      .toSorted((a, b) => byName(a.vm, b.vm))
      .map(({ vm, disks }) => ({ vm, disks: disks.filter((disk) => kept.has(disk)) }));
  }

  async vm({ namespace, name }: Pick<VmState, 'namespace' | 'name'>, signal: AbortSignal): Promise<VmState | undefined> {
    const found = await this.#client.get(VMS, { namespace, name }, { signal });
    return found && vmState(found);
  }

  follow(scope: PlanScope, signal: AbortSignal): PlanWatch {
    return followPlans(scope, { client: this.#client, clock: this.#clock, types: { PLANS, VMS, PROVIDERS } }, signal);
  }

  async compare(object: AppliedObject, signal: AbortSignal): Promise<Applied> {
    return await this.#apply(object, { signal, dryRun: true });
  }

  async apply(object: AppliedObject, signal: AbortSignal): Promise<Applied> {
    return await this.#apply(object, { signal });
  }

  async switchPlan({ namespace, name, uid }: PlanState, spec: Readonly<Record<string, unknown>>, signal: AbortSignal) {
    // Its state is written all the time; a switch of the whole plan does not depend on it.
    await this.#client.patch(PLANS, { namespace, name }, { metadata: { uid }, spec }, { signal });
  }

  async switchVm(vm: VmState, spec: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, resourceVersion } = vm;
    await this.#client.patch(VMS, { namespace, name }, { metadata: { uid, resourceVersion }, spec }, { signal });
  }

  [Symbol.dispose](): void {
    this.#cluster[Symbol.dispose]();
  }

  async *#vmsOf(scope: PlanScope, signal: AbortSignal): AsyncGenerator<{ readonly object: KubeObject; readonly state: VmState }> {
    const only = scope.plan === undefined ? {} : { labels: labelsOf(scope.plan) };
    for await (const { items } of this.#client.list(VMS, { ...within(scope), ...only, signal })) {
      for (const object of items) {
        const state = vmState(object);
        if (scope.plan === undefined || state.plan === scope.plan) yield { object, state };
      }
    }
  }

  async #apply(object: AppliedObject, options: { readonly signal: AbortSignal; readonly dryRun?: boolean }): Promise<Applied> {
    const type = typeByKind(object.kind);
    const before = await ifInstalled(this.#client.get(type, object.metadata, options));
    const after = await ifInstalled(this.#client.apply(type, object, options));
    if (before === undefined) return 'created';
    return isDeepStrictEqual(content(before), content(after)) ? 'unchanged' : 'changed';
  }

  /** A plan that waits for its provider says what is wrong with it. */
  async #explained(plan: PlanState, signal: AbortSignal): Promise<PlanState> {
    if (plan.state !== 'ProviderNotReady') return plan;
    const { namespace, provider: name } = plan;
    return withProvider(plan, await this.#client.get(PROVIDERS, { namespace, name }, { signal }));
  }
}

function within({ namespace }: PlanScope): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function typeByKind(kind: string): ResourceType {
  if (kind === SECRETS.kind) return SECRETS;
  const found = KINDS.find((known) => known.kind === kind);
  if (found === undefined) throw new Error(`${kind} is not applied by the command line`);
  return typeOf(found);
}

/** What people write of an object. */
function content({ spec, data, type }: KubeObject): unknown {
  return { spec, data, type };
}
