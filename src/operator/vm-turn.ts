import type { JobQueue } from '../contracts/job-queue.ts';
import type { Admission, WaitingFor } from './admission.ts';
import type { PlanResource, ProviderResource, VmResource } from './services.ts';
import { usesOfTransfer, usesOfVm } from './uses.ts';

export interface Parents {
  readonly plan: PlanResource;
  readonly provider: ProviderResource;
  /** Nodes that workers can run on; undefined where nobody counted. */
  readonly nodes: number | undefined;
}

type Disk = NonNullable<NonNullable<VmResource['status']>['disks']>[number];

export interface TurnOptions {
  readonly admission: Admission;
  readonly vm: VmResource;
  readonly parents: Parents;
  /** Its source is off, or is to be shut down now. */
  readonly urgent: boolean;
  /** Told why the VM has to wait; not of each count. */
  readonly wait: (because: string, text: string) => void;
}

/**
 * The turn of one VM: it asks for its place together with a place for its first disk, so that no source is stopped only to wait. Further disks
 * ask for their own places when they come.
 */
export class VmTurn {
  readonly #options: TurnOptions;
  readonly #id: string;
  readonly #first: Disk | undefined;
  /** Transfers that have a place, by disk. */
  readonly #places = new Map<string, string>();

  constructor(options: TurnOptions) {
    this.#options = options;
    const { uid, status } = options.vm;
    this.#id = uid;
    const disks = status?.disks ?? [];
    // What a warm VM has copied it copies again: no snapshot is made only to wait.
    this.#first = disks.find(({ stage }) => stage !== 'complete') ?? (status?.warm === undefined ? undefined : disks[0]);
  }

  /** @param begin called when both have a place */
  ask(begin: () => void): void {
    const { admission, vm, parents, wait, urgent } = this.#options;
    const { plan } = parents;
    const begun = vm.status?.phase === undefined ? 0 : BEGUN;
    const first = this.#first === undefined ? [] : usesOfTransfer(vm, this.#first, parents);
    admission.ask({
      id: this.#id,
      what: 'vm',
      plan: plan.uid,
      priority: priorityOf(plan) + (urgent ? URGENT : begun),
      uses: [...usesOfVm(plan), ...first],
      begin: () => {
        const own = { id: this.#id, what: 'vm', uses: usesOfVm(plan) } as const;
        const disk = this.#first?.disk;
        if (disk !== undefined) {
          this.#places.set(disk, this.#idOf(disk));
          admission.divide(this.#id, [own, { id: this.#idOf(disk), what: 'transfer', uses: first }]);
        }
        begin();
      },
      wait: ({ because, text }) => wait(because, text),
    });
  }

  /** Counts in what goes on already: the VM, and those of its disks that are being copied. */
  adopt(): void {
    const { admission, vm, parents } = this.#options;
    const disks = (vm.status?.disks ?? []).filter((disk) => isUnderWay(disk) || (this.#standsBy && disk === this.#first));
    const plan = parents.plan.uid;
    admission.adopt({ id: this.#id, what: 'vm', plan, uses: usesOfVm(parents.plan) });
    for (const disk of disks) {
      const id = this.#idOf(disk.disk);
      this.#places.set(disk.disk, id);
      admission.adopt({ id, what: 'transfer', plan, uses: usesOfTransfer(vm, disk, parents) });
    }
  }

  /** Counts in what may stand by, where there is room: after all that goes on, because it was let in within the limits. */
  adoptStandBys(): void {
    if (this.#standsBy) for (const { disk } of this.#options.vm.status?.disks ?? []) this.#reserve(disk);
  }

  /** Between AwaitCutover and the last pass. */
  get #standsBy(): boolean {
    const { warm, phase } = this.#options.vm.status ?? {};
    return warm !== undefined && phase === 'PowerOffSource';
  }

  withdraw(): void {
    this.#options.admission.withdraw(this.#id);
  }

  /** The VM has ended, and no transfer of it goes on. */
  leave(): void {
    for (const id of [this.#id, ...this.#places.values()]) this.#options.admission.leave(id);
    this.#places.clear();
  }

  /** Orders the transfers of this VM among those of all. @param waits told why a disk waits, in words that follow "waiting for"; undefined: no longer */
  transfers(waits: (disk: string, because: string | undefined) => void): JobQueue {
    return {
      submit: async (key, work, signal, { priority = 0 } = {}) => {
        const disk = key.slice(key.indexOf('/') + 1);
        if (!this.#places.has(disk)) await this.#place(disk, { waits, urgent: priority > 0 }, signal);
        try {
          return await work();
        } finally {
          const id = this.#places.get(disk);
          this.#places.delete(disk);
          if (id !== undefined) this.#options.admission.leave(id);
        }
      },
      reserve: (key) => this.#reserve(key.slice(key.indexOf('/') + 1)),
      limit: () => undefined,
    };
  }

  /** Nobody waits for one place with another in hand: two VMs could wait for each other. */
  #reserve(key: string): boolean {
    if (this.#places.has(key)) return true;
    const { admission, vm, parents } = this.#options;
    const disk = vm.status?.disks?.find(({ disk: name }) => name === key);
    if (disk === undefined) return false;
    const id = this.#idOf(key);
    const { plan } = parents;
    const about = { id, what: 'transfer', plan: plan.uid, priority: priorityOf(plan) + BEGUN } as const;
    const begin = (): void => void this.#places.set(key, id);
    admission.ask({ ...about, uses: usesOfTransfer(vm, disk, parents), begin, wait: () => undefined });
    if (!this.#places.has(key)) admission.withdraw(id);
    return this.#places.has(key);
  }

  async #place(key: string, { waits, urgent }: PlaceOptions, signal: AbortSignal): Promise<void> {
    const { admission, vm, parents } = this.#options;
    const disk = vm.status?.disks?.find(({ disk: name }) => name === key);
    if (disk === undefined) return;
    signal.throwIfAborted();
    const { plan } = parents;
    const id = this.#idOf(key);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      admission.withdraw(id);
      reject(signal.reason);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    let told = false;
    const wait = ({ text }: WaitingFor): void => {
      told = true;
      waits(key, text.replace(WAITING, ''));
    };
    const begin = (): void => {
      this.#places.set(key, id);
      resolve();
    };
    const priority = priorityOf(plan) + (urgent ? URGENT : BEGUN);
    const about = { id, what: 'transfer', plan: plan.uid, priority } as const;
    admission.ask({ ...about, uses: usesOfTransfer(vm, disk, parents), begin, wait });
    try {
      await promise;
    } finally {
      if (told) waits(key, undefined);
      signal.removeEventListener('abort', giveUp);
    }
  }

  #idOf(disk: string): string {
    return `${this.#id}/${disk}`;
  }
}

/** How a reason begins that is told by itself. */
const WAITING = /^waiting for /;

/** Disks of a VM that has begun go before VMs that have not, of plans of the same priority. */
const BEGUN = 0.5;
/** Whose source is off goes before everybody else, of whatever plan: priorities of plans are 100 at most. */
const URGENT = 1000;

interface PlaceOptions {
  readonly waits: (disk: string, because: string | undefined) => void;
  readonly urgent: boolean;
}

function isUnderWay({ stage }: Disk): boolean {
  return stage === 'copy' || stage === 'prove';
}

function priorityOf({ spec }: PlanResource): number {
  return spec.limits?.priority ?? 0;
}
