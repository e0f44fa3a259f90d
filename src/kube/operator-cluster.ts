/** Everything that an operator wants from its cluster, made from the parts of this room. */
import type { BandwidthLimit } from '../contracts/bandwidth.ts';
import type { Clock } from '../contracts/clock.ts';
import type { ClusterObserver } from '../contracts/cluster-observer.ts';
import type { KeyedWork, ResourceName } from '../contracts/resources.ts';
import type { WorkerSource } from '../contracts/worker-order.ts';
import type { VmPlan, VmProgress } from '../model/plan.ts';
import { NETWORK_MAP, STORAGE_MAP } from '../resources/maps.ts';
import { MIGRATION_PLAN } from '../resources/migration-plan.ts';
import { PROVIDER, type ProviderSpec } from '../resources/provider.ts';
import { VM_MIGRATION, type VmMigrationStatus } from '../resources/vm-migration.ts';
import type { KubeClient } from './client/kube-client.ts';
import { ClusterDestination } from './destination/cluster-destination.ts';
import { entriesAt } from './facts/json.ts';
import { readClusterFacts } from './facts/read.ts';
import type { HookSpec } from './hooks/hook-job.ts';
import { JobHooks } from './hooks/job-hooks.ts';
import { JobConversions } from './jobs/job-conversions.ts';
import { JobCopier } from './jobs/job-copier.ts';
import { JobWatch } from './jobs/job-watch.ts';
import { openImages } from './jobs/recorded-images.ts';
import { WorkerJobs } from './jobs/worker-jobs.ts';
import type { WorkerSetup } from './jobs/worker-setup.ts';
import { SECRETS } from './kinds.ts';
import { ClusterProver } from './proof/cluster-prover.ts';
import { Collection, objectOf } from './resources/collection.ts';
import { keepPlan, keptPlan } from './resources/kept-plans.ts';
import { type BesideProgress, StatusStore } from './resources/status-store.ts';
import { EventRecorder, type EventText } from './runtime/events.ts';
import { WorkQueue } from './runtime/work-queue.ts';
import { TestCutovers } from './tests/test-cutovers.ts';

export interface OperatorClusterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Only the resources of this namespace; those of all when absent. */
  readonly namespace?: string;
  /** Which of several processes: the pod's name. */
  readonly instance: string;
  readonly workers: WorkerSetup;
  /** Milliseconds between two looks at the log of a worker. */
  readonly lookEvery: number;
  /** Called for what is tried again by itself. */
  readonly onTrouble: (error: unknown) => void;
  /** Told what is asked of the cluster, and how its resources are followed. */
  readonly observer?: ClusterObserver;
  readonly signal: AbortSignal;
}

/** Of an image provider. */
interface ImageProvider extends Omit<ResourceName, 'kind'> {
  readonly generation: number;
  readonly spec: Pick<ProviderSpec, 'images' | 'secretRef' | 'insecure'>;
}

export function operatorCluster(options: OperatorClusterOptions) {
  const { client, clock, workers, lookEvery, onTrouble, instance, signal: whole } = options;
  const providers = new Collection(PROVIDER, options);
  const networkMaps = new Collection(NETWORK_MAP, options);
  const storageMaps = new Collection(STORAGE_MAP, options);
  const plans = new Collection(MIGRATION_PLAN, options);
  const migrations = new Collection(VM_MIGRATION, options);
  const watch = new JobWatch(options);
  const all = [providers, networkMaps, storageMaps, plans, migrations, watch];
  const jobs = new WorkerJobs({ client, watch, setup: workers, every: lookEvery });
  const events = new EventRecorder({
    client,
    clock,
    controller: 'kubeferry.dev/operator',
    instance,
    random: Math.random,
    onTrouble,
  });
  return {
    ...{ providers, networkMaps, storageMaps, plans, migrations },
    follow: async (signal: AbortSignal, synced: () => void): Promise<void> => {
      const running = all.map((collection) => collection.run(signal));
      void Promise.all(all.map((collection) => collection.synced)).then(synced);
      await Promise.all(running);
    },
    work: (): KeyedWork => new WorkQueue({ clock, random: Math.random }),
    openImages: async ({ namespace, name, uid, generation, spec }: ImageProvider, signal: AbortSignal) => {
      if (spec.images === undefined) return undefined;
      const { claim, path, url, sha256 } = spec.images;
      const { insecure } = spec;
      const file = url !== undefined && { url, ...(sha256 !== undefined && { sha256 }), ...(insecure && { insecure }) };
      const fetch = file && { fetch: file };
      const images = { claim, path, ...fetch, ...(spec.secretRef !== undefined && { secret: spec.secretRef.name }) };
      return await openImages({ client, jobs }, { kind: PROVIDER.kind, namespace, name, uid, generation }, images, signal);
    },
    secret: async (ref: { readonly namespace: string; readonly name: string }, signal: AbortSignal) => {
      const found = await client.get(SECRETS, ref, { signal });
      if (found === undefined) return undefined;
      const texts = entriesAt(found, 'data').map(([name, value]) => [name, Buffer.from(String(value), 'base64').toString()]);
      return Object.fromEntries(texts) as Readonly<Record<string, string>>;
    },
    tests: new TestCutovers({ client, clock, jobs, setup: workers }),
    readFacts: (signal: AbortSignal) => {
      const within = options.namespace === undefined ? {} : { namespace: options.namespace };
      return readClusterFacts(client, { readAt: new Date(clock.now()).toISOString(), ...within, signal });
    },
    keepPlan: (owner: ResourceName, plan: VmPlan, signal: AbortSignal) => keepPlan(client, owner, plan, signal),
    keptPlan: (owner: ResourceName, signal: AbortSignal) => keptPlan(client, owner, signal),
    target: (about: {
      readonly owner: ResourceName;
      readonly namespace: string;
      readonly plan: VmPlan;
      readonly source: WorkerSource;
      readonly bandwidth: readonly BandwidthLimit[];
      readonly perNode?: number;
      readonly converted: boolean;
      readonly hooks: { readonly planName: string; readonly specs: readonly HookSpec[]; readonly attempt: number };
      readonly leave: AbortSignal;
    }) => {
      const destination = new ClusterDestination({ client, clock, jobs, ...about });
      const hooks = { client, watch, ttlSeconds: workers.ttlSeconds, every: lookEvery, ...about, ...about.hooks };
      const work = { client, jobs, destination, attempt: about.hooks.attempt, ...about };
      const copier = new JobCopier(work);
      return {
        ...{ destination, copier, hooks: new JobHooks(hooks) },
        conversions: new JobConversions({ ...work, clock, setup: workers }),
        prover: new ClusterProver({ client, clock, jobs, ...about }),
        replanned: (plan: VmPlan): void => copier.replanned(plan),
      };
    },
    clear: (
      {
        owner,
        namespace,
        isComplete,
      }: { readonly owner: ResourceName; readonly namespace: string; readonly isComplete: boolean },
      signal: AbortSignal,
    ) => new ClusterDestination({ client, clock, owner, namespace }).clear(signal, { isComplete }),
    record: (about: {
      readonly migration: Omit<ResourceName, 'kind'> & { readonly generation: number };
      readonly plan: VmPlan;
      readonly status: VmMigrationStatus;
      readonly onPhase: (progress: VmProgress) => void;
      readonly written: (status: VmMigrationStatus) => void;
      readonly beside: (progress: VmProgress) => BesideProgress;
      readonly signal: AbortSignal;
    }) => {
      const { namespace, name, uid, generation } = about.migration;
      const write = async (status: VmMigrationStatus): Promise<void> => {
        await migrations.saveStatus({ namespace, name, uid }, status, about.signal);
        about.written(status);
      };
      return new StatusStore({ ...about, generation, write, clock, onTrouble });
    },
    tell: (about: ResourceName, text: EventText): void => events.tell(objectOf(about), text, whole),
  };
}
