import type { Clock } from '../contracts/clock.ts';
import type { Connection } from '../contracts/provider.ts';
import { compareText } from '../model/concern.ts';
import type { SourceVm } from '../model/vm.ts';

/** The VMs of a source as they are told; read once where nobody tells. */
export class LiveInventory {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #vms = new Map<string, SourceVm>();
  readonly #current = Promise.withResolvers<void>();
  #version = 0;
  #readAt: number | undefined;
  #failure: unknown;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    // Whoever waits for it is told; nobody may.
    this.#current.promise.catch(() => undefined);
  }

  /** Resolves when everything was told once. Rejects where that cannot be. */
  get current(): Promise<void> {
    return this.#current.promise;
  }

  /** Milliseconds since the epoch of the last instant that is known as a whole; undefined before the first. */
  get readAt(): number | undefined {
    return this.#readAt;
  }

  get size(): number {
    return this.#vms.size;
  }

  /** Counts the changes. */
  get version(): number {
    return this.#version;
  }

  /** Why nothing is told any more. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Keeps up until the signal aborts, or the source tells no more. @param changed called after each change of what is known as a whole */
  async run(changed: () => void, signal: AbortSignal): Promise<void> {
    try {
      if (this.#connection.watch === undefined) await this.read(signal);
      else await this.#follow(this.#connection.watch(signal), changed);
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = error;
      this.#current.reject(error);
      changed();
    }
  }

  /** Reads everything anew. A source that tells its changes needs none of that. */
  async read(signal: AbortSignal): Promise<void> {
    const seen = new Map<string, SourceVm>();
    for await (const vm of this.#connection.vms(signal)) seen.set(vm.ref.id, vm);
    this.#vms.clear();
    for (const [id, vm] of seen) this.#vms.set(id, vm);
    this.#settle();
  }

  /** The connection, with these VMs instead of what the source would be asked for. */
  get connection(): Connection {
    const connection = this.#connection;
    const { access, power, snapshots, changes } = connection;
    const vms = this.#vms;
    return {
      name: connection.name,
      async *vms() {
        // In an order that does not depend on what was told when.
        yield* [...vms.values()].toSorted((a, b) => compareText(a.ref.id, b.ref.id));
      },
      surroundings: (signal) => connection.surroundings(signal),
      openDisk: (vm, disk, signal, snapshot) => connection.openDisk(vm, disk, signal, snapshot),
      ...(access !== undefined && { access }),
      ...(power !== undefined && { power }),
      ...(snapshots !== undefined && { snapshots }),
      ...(changes !== undefined && { changes }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async #follow(events: ReturnType<NonNullable<Connection['watch']>>, changed: () => void): Promise<void> {
    for await (const event of events) {
      if (event.kind === 'vm') this.#vms.set(event.vm.ref.id, event.vm);
      else if (event.kind === 'gone') this.#vms.delete(event.id);
      else {
        this.#settle();
        changed();
      }
    }
  }

  #settle(): void {
    this.#version += 1;
    this.#readAt = this.#clock.now();
    this.#current.resolve();
  }
}
