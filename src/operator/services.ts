/**
 * What the operator needs from outside: built by main.ts from the composition root, or by a test. This room turns what the cluster tells into calls
 * of prepare() and migrateVm(), and what they say into status; it decides nothing about a VM.
 */
import type { BandwidthLimit } from '../contracts/bandwidth.ts';
import type { Clock } from '../contracts/clock.ts';
import type { FactsReading } from '../contracts/cluster.ts';
import type { Destination, Store } from '../contracts/destination.ts';
import type { DiskCopier } from '../contracts/disk-copier.ts';
import type { BootProver, GuestConversions } from '../contracts/guests.ts';
import type { Hooks } from '../contracts/hooks.ts';
import type { Log } from '../contracts/log.ts';
import type { Observer } from '../contracts/observer.ts';
import type { Connection, ConnectOptions } from '../contracts/provider.ts';
import type { KeyedWork, Resource, ResourceName, Resources } from '../contracts/resources.ts';
import type { WorkerSource } from '../contracts/worker-order.ts';
import type { MigrationError } from '../model/errors.ts';
import type { VmPlan, VmProgress } from '../model/plan.ts';
import type { NetworkMapSpec, StorageMapSpec } from '../resources/maps.ts';
import type { MigrationPlanSpec, MigrationPlanStatus } from '../resources/migration-plan.ts';
import type { ProviderSpec, ProviderStatus } from '../resources/provider.ts';
import type { VmMigrationSpec, VmMigrationStatus } from '../resources/vm-migration.ts';
import type { AdmissionObserver } from './admission.ts';

export type ProviderResource = Resource<ProviderSpec, ProviderStatus>;
export type PlanResource = Resource<MigrationPlanSpec, MigrationPlanStatus>;
export type VmResource = Resource<VmMigrationSpec, VmMigrationStatus>;

export interface Services {
  readonly clock: Clock;
  readonly log: Log;
  readonly providers: Resources<ProviderSpec, ProviderStatus>;
  readonly networkMaps: Resources<NetworkMapSpec, unknown>;
  readonly storageMaps: Resources<StorageMapSpec, unknown>;
  readonly plans: Resources<MigrationPlanSpec, MigrationPlanStatus>;
  readonly migrations: Resources<VmMigrationSpec, VmMigrationStatus>;
  /** Keeps up with all of them until the signal aborts. `synced` is called when everything there is has been told. */
  follow(signal: AbortSignal, synced: () => void): Promise<void>;
  /** @param controller whose work it is */
  work(controller: 'providers' | 'plans' | 'vms'): KeyedWork;
  connect(source: string, options: ConnectOptions): Promise<Connection>;
  /** The image files of a provider; undefined while a worker looks. @throws MigrationError why it could not */
  openImages(provider: ProviderResource, signal: AbortSignal): Promise<Connection | undefined>;
  /** Undefined where there is no such Secret. */
  secret(
    ref: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  readFacts(signal: AbortSignal): Promise<FactsReading>;
  /** What was decided about a VM, kept beside its VmMigration. */
  keepPlan(owner: ResourceName, plan: VmPlan, signal: AbortSignal): Promise<void>;
  /** @throws MigrationError `state-unreadable` */
  keptPlan(owner: ResourceName, signal: AbortSignal): Promise<VmPlan>;
  /** Where one VM goes and who moves its disks. Workers go on when `leave` aborts. */
  target(options: TargetOptions): VmTarget;
  /** Removes what was made for a VM and goes with no owner. The claims of one that is in the cluster stay. */
  clear(about: ClearOptions, signal: AbortSignal): Promise<void>;
  /** Tests of targets while their VMs wait. */
  readonly tests: {
    /** How the target will be cloned, why so, and the name of the VM. */
    choose(
      plan: VmPlan,
      signal: AbortSignal,
    ): Promise<{ readonly by: 'csi-clone' | 'snapshot' | 'copy'; readonly because: string; readonly vm: string }>;
    /**
     * Does what is next. `holds`: the target must not change yet; `started`: the VM is made; `failed`: a worker could not do its part.
     * @throws MigrationError of the cluster, and where something that the conversion of the guest needs is missing
     */
    advance(
      run: Pick<TargetOptions, 'owner' | 'namespace' | 'plan'> & {
        readonly by: 'csi-clone' | 'snapshot' | 'copy';
        readonly since: string;
        /** As it was told last: the clones are complete. */
        readonly converting: boolean;
      },
      signal: AbortSignal,
    ): Promise<{
      readonly holds: boolean;
      readonly state: TestStatus['state'];
      readonly doing?: string;
      readonly guest?: NonNullable<TestStatus['guest']>;
      readonly failure?: MigrationError;
    }>;
    /** What was seen of the guest of a test that has started; undefined while it is not sure: ask again. @throws MigrationError of the cluster */
    prove(
      run: Pick<TargetOptions, 'owner' | 'namespace' | 'plan'> & Pick<TestStatus, 'since' | 'guest'>,
      signal: AbortSignal,
    ): Promise<TestProof | undefined>;
    /** Removes the VM and its clones, where there are any. */
    end(about: Pick<TargetOptions, 'owner' | 'namespace'>, signal: AbortSignal): Promise<void>;
  };
  /** The status of one VM as its progress. */
  record(options: RecordOptions): VmRecord;
  /** Told how much waits for limits, and what begins. */
  readonly admissionObserver?: AdmissionObserver;
  /** An Event about a resource. Returns at once. */
  tell(about: ResourceName, text: EventText): void;
}

export type TestStatus = NonNullable<VmMigrationStatus['test']>;
export type TestProof = NonNullable<TestStatus['proof']>;

export interface TargetOptions {
  readonly owner: ResourceName;
  /** Where the VM is made. */
  readonly namespace: string;
  readonly plan: VmPlan;
  readonly source: WorkerSource;
  /** What a worker may read; all of them hold. */
  readonly bandwidth: readonly BandwidthLimit[];
  /** Workers at once on one node; absent: nobody minds. */
  readonly perNode?: number;
  /** Its guest was converted by an earlier run. */
  readonly converted: boolean;
  /** Of the plan, in its order; `attempt` counts the tries of the VM from 0. */
  readonly hooks: {
    readonly planName: string;
    readonly specs: NonNullable<MigrationPlanSpec['hooks']>;
    readonly attempt: number;
  };
  readonly leave: AbortSignal;
}

export interface ClearOptions extends Pick<TargetOptions, 'owner' | 'namespace'> {
  /** Its claims stay, whatever became of its VirtualMachine since. */
  readonly isComplete: boolean;
}

export interface VmTarget {
  readonly destination: Destination & {
    /** Removes what was made for a VM that is not to come. */
    discard(signal: AbortSignal): Promise<void>;
  };
  readonly copier: DiskCopier;
  readonly prover: BootProver;
  readonly conversions: GuestConversions;
  readonly hooks: Hooks;
  /** The VM goes on by this plan. */
  replanned(plan: VmPlan): void;
}

export interface RecordOptions {
  readonly migration: VmResource;
  readonly plan: VmPlan;
  readonly status: VmMigrationStatus;
  readonly onPhase: (progress: VmProgress) => void;
  /** Told of every status that the cluster took. */
  readonly written: (status: VmMigrationStatus) => void;
  readonly beside: (progress: VmProgress) => BesideProgress;
  readonly signal: AbortSignal;
}

/** What a status shows beside the progress, made from it. */
export interface BesideProgress {
  /** Digest of the wishes that the VM was looked at by. */
  readonly wished?: string;
  /** Seconds of a downtime that is over. */
  readonly downtime?: number;
}

export interface VmRecord extends Store, Observer {
  /** Says why nothing goes on for the moment. */
  wait(reason: string, message: string): Promise<void>;
  /** The VM goes on by this plan. */
  replanned(plan: VmPlan): void;
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export const PROVIDER_KIND = 'Provider';
export const PLAN_KIND = 'MigrationPlan';
export const VM_KIND = 'VmMigration';

/** A resource as an owner, or as what an event is about. */
export function named(kind: string, { namespace, name, uid }: Omit<ResourceName, 'kind'>): ResourceName {
  return { kind, namespace, name, uid };
}
