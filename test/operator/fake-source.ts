/** A source of small VMs on named hosts, whose power is remembered and whose disks arrive when the test says so. It has no bytes: what is moved is proven elsewhere. */
import type { DiskCopier } from '../../src/contracts/disk-copier.ts';
import type { Connection, InventoryEvent } from '../../src/contracts/provider.ts';
import type { TransferResult } from '../../src/model/transfer.ts';
import { GiB } from '../../src/model/units.ts';
import type { PowerState, SourceVm, VmRef } from '../../src/model/vm.ts';
import { fleetVm } from '../bench/fleet.ts';

const ROOT = '0'.repeat(64);

export interface FakeVm {
  readonly name: string;
  readonly host?: string;
  readonly disks?: number;
  /** `on` when absent. */
  readonly power?: PowerState;
}

export class FakeSource {
  readonly #vms = new Map<string, SourceVm>();
  readonly power = new Map<string, PowerState>();
  readonly #tell = new Set<(event: InventoryEvent) => void>();
  /** Thrown by every call as long as it is set. */
  trouble: Error | undefined;
  /** Logins. */
  opened = 0;
  /** Ids of snapshots that are there, by that of their VM. Absent: it has none, and tells no changes. */
  readonly snapshots: Map<string, Set<string>> | undefined;

  /** @param options `warm`: it freezes disks, and tells what changed since */
  constructor(vms: readonly FakeVm[], { warm = false } = {}) {
    this.snapshots = warm ? new Map() : undefined;
    for (const vm of vms) this.#put(vm);
  }

  /** One more VM, or another state of one, which the source tells of. */
  add(vm: FakeVm): void {
    const made = this.#put(vm);
    for (const tell of this.#tell) {
      tell({ kind: 'vm', vm: made });
      tell({ kind: 'current' });
    }
  }

  connect(): Connection {
    this.opened += 1;
    const ask = <T>(answer: T): Promise<T> =>
      this.trouble === undefined ? Promise.resolve(answer) : Promise.reject(this.trouble);
    const all = this.#vms;
    return {
      name: 'vcenter.example',
      async *vms() {
        yield* all.values();
      },
      surroundings: () => ask({ networks: [], storages: [], hosts: [] }),
      openDisk: () => ask({ kind: 'blank', capacity: GiB }),
      power: {
        state: (vm) => ask(this.power.get(vm.id) ?? 'off'),
        powerOff: (vm) => {
          this.power.set(vm.id, 'off');
          return ask('guest-shutdown');
        },
        powerOn: async (vm) => {
          await ask(undefined);
          this.power.set(vm.id, 'on');
        },
      },
      ...(this.snapshots && this.#warm(this.snapshots)),
      watch: (signal) => this.#watch(signal),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #warm(all: Map<string, Set<string>>): Pick<Connection, 'snapshots' | 'changes'> {
    const of = (vm: VmRef): Set<string> => all.get(vm.id) ?? all.set(vm.id, new Set()).get(vm.id) ?? new Set();
    const told = (name: string) => ({ id: name, name, consistency: 'crash', checkpoints: {} }) as const;
    return {
      snapshots: {
        create: (vm, { name }) => {
          of(vm).add(name);
          return Promise.resolve(told(name));
        },
        find: (vm, name) => Promise.resolve(of(vm).has(name) ? told(name) : undefined),
        remove: (vm, id) => {
          of(vm).delete(id);
          return Promise.resolve();
        },
      },
      changes: {
        enable: () => Promise.resolve({ tracked: ['disk-0'], untracked: [] }),
        changed: () => {
          throw new Error('what is moved is not asked of this source');
        },
      },
    };
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<InventoryEvent> {
    const told: InventoryEvent[] = [...this.#vms.values()].map((vm) => ({ kind: 'vm', vm }));
    told.push({ kind: 'current' });
    let more = Promise.withResolvers<void>();
    const tell = (event: InventoryEvent): void => {
      told.push(event);
      more.resolve();
    };
    this.#tell.add(tell);
    signal.addEventListener('abort', () => more.resolve());
    while (!signal.aborted) {
      yield* told.splice(0);
      more = Promise.withResolvers();
      if (told.length === 0 && !signal.aborted) await more.promise;
    }
    this.#tell.delete(tell);
  }

  #put({ name, host = 'esx-1', disks = 1, power = 'on' }: FakeVm): SourceVm {
    const [disk] = fleetVm(1).disks;
    if (disk === undefined) throw new Error('the fleet has disks');
    const all = Array.from({ length: disks }, (_none, index) => ({
      ...disk,
      ...{ key: `disk-${index}`, capacity: GiB, allocated: GiB, mode: 'persistent' as const },
    }));
    const vm: SourceVm = {
      ...fleetVm(1),
      ...{ ref: { id: `id-${name}`, name }, name, power, placement: { host }, identity: {} },
      ...{ cpu: { count: 1 }, memory: { size: GiB }, firmware: { kind: 'bios' } },
      ...{ disks: all, nics: [], devices: [], cdroms: [], snapshots: { count: 0 } },
    };
    this.#vms.set(vm.ref.id, vm);
    this.power.set(vm.ref.id, power);
    return vm;
  }
}

/** Disks that are being copied: they end when the test says so, or at once. */
export class Copies {
  /** Names of VMs, in the order in which they began; those that have ended are not there. */
  readonly running: string[] = [];
  /** How many were under way at the same time. */
  most = 0;
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();
  #atOnce: boolean;

  constructor(atOnce = true) {
    this.#atOnce = atOnce;
  }

  /** All that wait, and all that come. */
  finishAll(): void {
    this.#atOnce = true;
    for (const end of this.#ends.values()) end.resolve();
  }

  finish(vm: string): void {
    this.#ends.get(vm)?.resolve();
  }

  fail(vm: string, error: Error): void {
    this.#ends.get(vm)?.reject(error);
  }

  /** @param filled says on the claim that its disk is there */
  copier(filled: (disk: string, root: string, signal: AbortSignal) => Promise<void>): DiskCopier {
    return {
      preflight: () => Promise.resolve({ needed: 0 }),
      copy: async ({ id, vm, disk, source }, { signal, onProgress }): Promise<TransferResult> => {
        const size = source.capacity;
        onProgress({ job: id, stage: 'copy', done: 0, total: size });
        const end = Promise.withResolvers<void>();
        const abort = (): void => end.reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        this.#ends.set(vm, end);
        this.running.push(vm);
        this.most = Math.max(this.most, this.running.length);
        if (this.#atOnce) end.resolve();
        try {
          await end.promise;
        } finally {
          this.#ends.delete(vm);
          this.running.splice(this.running.indexOf(vm), 1);
        }
        await filled(disk, ROOT, signal);
        const proof = { algorithm: 'sha256', blockSize: 65_536, root: ROOT, size, allocated: size } as const;
        return { job: id, size, moved: size, allocated: size, seconds: 1, transport: 'fake', proof };
      },
    };
  }
}
