/**
 * Sees everything that becomes of a fleet in its namespace: how each VM stands, whether the limits of the plans hold at every moment, and when a VM is
 * told to run in the cluster, which it notes in the chronicle of the sources.
 */
import { isTerminal, type Phase } from '../../../src/model/phase.ts';
import { type ApiServer, watchApi } from '../../peers/kubernetes-api.ts';
import type { KubernetesObject } from '../../peers/kubernetes-objects.ts';
import type { Chronicle } from '../../peers/vcenter/chronicle.ts';
import type { Limits } from './roster.ts';

export interface Status {
  readonly phase?: Phase;
  readonly warm?: {
    readonly held?: object;
    readonly passes: readonly { readonly number: number; readonly compared?: { readonly because: string } }[];
    readonly setback?: object;
  };
  readonly outlook?: { readonly next: string; readonly at?: string; readonly because: string };
  readonly group?: string;
  readonly waitingFor?: string;
  readonly failure?: { readonly code: string; readonly source?: string };
  readonly disks?: readonly { readonly claim: string }[];
  readonly history?: readonly { readonly phase: string; readonly startedAt: string }[];
}

interface Migration extends KubernetesObject {
  readonly spec: { readonly vm: { readonly name: string }; readonly planRef: { readonly name: string } };
  readonly status?: Status;
}

interface Job extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface Machine extends KubernetesObject {
  readonly spec: { readonly runStrategy?: string; readonly running?: boolean };
}

/** Nothing that limits count is left to do, or it must go on whatever they say. */
const BEYOND_LIMITS: ReadonlySet<string> = new Set(['AwaitGroup', 'CreateVm', 'Prove', 'AwaitCommit', 'RollBack']);
/** VMs of a group go on from its gate at once, whatever the limit of VMs. */
const FROM_THE_GATE: ReadonlySet<string> = new Set(['AwaitCutover', 'PowerOffSource', 'CopyFinalDelta', 'Convert']);
const MADE_BY = 'kubeferry.dev/migration';

export interface OverseerOptions {
  readonly api: ApiServer;
  readonly namespace: string;
  readonly limits: Limits;
  readonly chronicle: Chronicle;
}

export class Overseer implements AsyncDisposable {
  /** What must not be, in words. */
  readonly faults: string[] = [];
  /** Most at once, of a plan. */
  readonly most = { vms: 0, transfers: 0, ofClass: 0 };
  /** Every writing of a VmMigration. */
  writes = 0;
  /** When each VM was first seen to begin, in milliseconds since the epoch. */
  readonly begun = new Map<string, number>();
  readonly #options: OverseerOptions;
  readonly #stop = new AbortController();
  readonly #watching: Promise<unknown>;
  readonly #migrations = new Map<string, Migration>();
  readonly #names = new Map<string, string>();
  /** Owners of Jobs that have not ended, by uid. */
  readonly #running = new Map<string, string>();
  readonly #jobs = new Set<string>();

  constructor(options: OverseerOptions) {
    this.#options = options;
    const { namespace } = options;
    this.#watching = Promise.all([
      this.#watch<Migration>(`/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/vmmigrations`, (one) => this.#see(one)),
      this.#watch<Job>(`/apis/batch/v1/namespaces/${namespace}/jobs`, (job, gone) => this.#seeJob(job, gone)),
      this.#watch<Machine>(`/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`, (one, gone) =>
        this.#seeMachine(one, gone),
      ),
    ]);
  }

  /** How the chronicle calls the target of a VM. */
  static target(name: string): string {
    return `target of ${name}`;
  }

  status(name: string): Status {
    return this.#of(name)?.status ?? {};
  }

  /** Of its VmMigration. */
  uid(name: string): string {
    return this.#names.get(name) ?? '';
  }

  /** Name of its VmMigration. */
  resource(name: string): string {
    return this.#of(name)?.metadata.name ?? '';
  }

  /** Uids of the VmMigrations whose Jobs run, one for each Job. */
  get running(): readonly string[] {
    return [...this.#running.values()];
  }

  /** Jobs that ever were. */
  get jobs(): number {
    return this.#jobs.size;
  }

  /** How many VMs are in which phase, for people. */
  get standing(): string {
    const all = Map.groupBy(this.#migrations.values(), ({ status }) => status?.phase ?? 'none');
    return [...all].map(([phase, those]) => `${those.length} ${phase}`).join(', ');
  }

  /** Where a VM is and what it waits for, for people. */
  told(name: string): string {
    const { phase, outlook, failure, history = [], ...status } = this.status(name);
    return JSON.stringify({ phase, outlook, failure, waitingFor: status.waitingFor, last: history.slice(-2) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  #of(name: string): Migration | undefined {
    return this.#migrations.get(this.#names.get(name) ?? '');
  }

  #see(one: Migration): void {
    const { uid = '' } = one.metadata;
    const { vm } = one.spec;
    // A watch that begins anew tells what is known.
    if (this.#migrations.get(uid)?.metadata.resourceVersion !== one.metadata.resourceVersion) this.writes += 1;
    this.#migrations.set(uid, one);
    this.#names.set(vm.name, uid);
    const { phase, outlook, warm } = one.status ?? {};
    if (phase !== undefined && !this.begun.has(vm.name)) this.begun.set(vm.name, Date.now());
    // A first copy that was broken off goes on with its snapshot; one that a source does not let go is asked for again and again.
    const isLeft = warm?.held !== undefined && warm.passes.length > 0 && !outlook?.because.includes('has to go');
    if (outlook !== undefined && isLeft) this.faults.push(`${vm.name} holds a snapshot while it waits`);
    this.#countVms();
  }

  #countVms(): void {
    const { limits } = this.#options;
    const busy = [...this.#migrations.values()].filter(({ status = {} }) => isCounted(status));
    for (const [plan, those] of Map.groupBy(busy, ({ spec }) => spec.planRef.name)) {
      this.most.vms = Math.max(this.most.vms, those.length);
      const told = those.map(({ spec, status }) => `${spec.vm.name} ${status?.phase}`).join(', ');
      if (those.length > limits.vms) this.faults.push(`${those.length} VMs of ${plan} at once: ${told}`);
    }
  }

  #seeJob({ metadata, status }: Job, gone: boolean): void {
    const { uid = '', labels } = metadata;
    this.#jobs.add(uid);
    const over = status?.conditions?.some(({ type, status: is }) => ['Complete', 'Failed'].includes(type) && is === 'True');
    if (gone || over === true) this.#running.delete(uid);
    else this.#running.set(uid, labels?.[MADE_BY] ?? '');
    this.#countTransfers();
  }

  #countTransfers(): void {
    const { limits } = this.#options;
    const all = this.running;
    this.most.ofClass = Math.max(this.most.ofClass, all.length);
    if (all.length > limits.perStorageClass) this.faults.push(`${all.length} Jobs for one storage class`);
    for (const [plan, those] of Map.groupBy(all, (uid) => this.#migrations.get(uid)?.spec.planRef.name ?? '')) {
      this.most.transfers = Math.max(this.most.transfers, those.length);
      if (those.length > limits.transfers) this.faults.push(`${those.length} Jobs of ${plan} at once`);
    }
  }

  #seeMachine({ metadata, spec }: Machine, gone: boolean): void {
    const { chronicle } = this.#options;
    const target = Overseer.target(metadata.name);
    const runs = !gone && (spec.runStrategy === undefined ? spec.running === true : spec.runStrategy !== 'Halted');
    if (runs !== chronicle.isOn(target)) chronicle.note(target, runs ? 'on' : 'off', 'test');
  }

  async #watch<T extends KubernetesObject>(path: string, see: (one: T, gone: boolean) => void): Promise<void> {
    for await (const { type, object } of watchApi<T>(this.#options.api, path, this.#stop.signal)) see(object, type === 'DELETED');
  }
}

/** A VM that waits has no place. */
function isCounted({ phase, outlook, group }: Status): boolean {
  if (phase === undefined || isTerminal(phase) || outlook !== undefined || BEYOND_LIMITS.has(phase)) return false;
  return group === undefined || !FROM_THE_GATE.has(phase);
}
