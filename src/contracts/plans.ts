/** Plans in a cluster, as a door that starts, shows and switches them wants them. */
import type { PlanRef, PlanState, VmState } from '../model/plan-state.ts';
import type { ClaimedDisk } from './verification.ts';

/** Which plans: all of the cluster where there is no namespace. */
export interface PlanScope {
  readonly namespace?: string;
  /** Only this plan, with its VMs. */
  readonly plan?: string;
}

/** An object as it is applied: `kind` is one of ours, or Secret. */
export interface AppliedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface SealedVm {
  readonly vm: VmState;
  readonly disks: readonly ClaimedDisk[];
}

export type Applied = 'created' | 'changed' | 'unchanged';

/** Every call throws the MigrationErrors of the cluster. */
export interface ClusterPlans extends Disposable {
  /** Host and port of the API server. */
  readonly host: string;
  /** That of the kubeconfig's context; `default` where it names none. */
  readonly namespace: string;
  list(scope: PlanScope, signal: AbortSignal): Promise<readonly PlanState[]>;
  get(plan: PlanRef, signal: AbortSignal): Promise<PlanState | undefined>;
  /** Those of one plan, in the order of their names. */
  vms(plan: PlanRef, signal: AbortSignal): Promise<readonly VmState[]>;
  /** The VMs of a scope with what was sealed about their disks; a disk that VMs share is told once. */
  sealed(scope: PlanScope, signal: AbortSignal): Promise<readonly SealedVm[]>;
  /** Undefined when it is gone. */
  vm(vm: Pick<VmState, 'namespace' | 'name'>, signal: AbortSignal): Promise<VmState | undefined>;
  /** Keeps up with the plans of a scope, and with the VMs where it names a plan, until the signal aborts. */
  follow(scope: PlanScope, signal: AbortSignal): PlanWatch;
  /** What applying would do; nothing is written. */
  compare(object: AppliedObject, signal: AbortSignal): Promise<Applied>;
  /** Server-side apply. @throws MigrationError also `cluster-field-conflict` where another program holds a field */
  apply(object: AppliedObject, signal: AbortSignal): Promise<Applied>;
  /** Sets these fields of a plan's spec, if it is this very plan. */
  switchPlan(plan: PlanState, spec: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void>;
  /** Sets these fields of a VM's spec, if it is still in this very state. @throws MigrationError also `cluster-conflict` */
  switchVm(vm: VmState, spec: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void>;
}

/** Plans and VMs as they were told last. */
export interface PlanWatch {
  plans(): readonly PlanState[];
  /** In the order of their names. */
  vms(): readonly VmState[];
  /** Resolves when everything that there is has been told. Rejects where the cluster cannot be asked. */
  readonly synced: Promise<void>;
  /** Called after anything has changed. Must not throw and must not wait. */
  subscribe(listener: (change: PlanChange) => void): void;
  /** Resolves after the signal has aborted. */
  readonly ended: Promise<void>;
}

export type PlanChange =
  | { readonly kind: 'plan'; readonly now?: PlanState; readonly before?: PlanState }
  | { readonly kind: 'vm'; readonly now?: VmState; readonly before?: VmState }
  /** The cluster does not answer as it should; it is asked again. */
  | { readonly kind: 'trouble'; readonly message: string };
