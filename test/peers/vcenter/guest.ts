/**
 * A guest that is at work: it writes to its disks, the same bytes at the same places for the same seed, whenever it is told to. `tick()` is one
 * turn of its own doing, which happens only while the power is on; its disks at the last power-off are kept as the truth.
 */
import { randomWords } from '../../demo/guest/disk.ts';
import type { SimulatedDisk } from './disk.ts';
import type { Pages } from './pages.ts';
import { Workload } from './workload.ts';

export interface GuestOptions {
  /** Bytes of each disk, in place of what the simulator says; 8 MiB when absent. */
  readonly capacity?: number;
  /** Bytes of each disk; the VM gets as many disks. Those of the simulator when absent. */
  readonly disks?: readonly number[];
  readonly seed?: number;
  /** VMware Tools run in it; true when absent. */
  readonly tools?: boolean;
  /** How long it takes to shut down when asked to, in ms; 0 when absent, `never` for a guest that hangs. */
  readonly shutdown?: number | 'never';
  /** Whether a quiesced snapshot works; true when absent. */
  readonly quiesces?: boolean;
  /** Tracking is on from the start, in flag and in effect. */
  readonly tracked?: boolean;
  /** One turn of writing before every n-th request that the server gets, while the VM is on; none when absent. */
  readonly writeEvery?: number;
}

const WRITE_SIZES = [512, 4096, 4096, 8192, 65_536, 200_000];
const TICK_MS = 2;

/** The disks of a guest while it had no power. */
export class Rest {
  /** Of the power-off in the chronicle. */
  readonly order: number;
  readonly #disks: ReadonlyMap<number, Pages>;

  constructor(order: number, disks: readonly SimulatedDisk[]) {
    this.order = order;
    this.#disks = new Map(disks.map((disk) => [disk.key, disk.keep()]));
  }

  /** Device keys of the disks. */
  get keys(): readonly number[] {
    return [...this.#disks.keys()];
  }

  /** @param key device key of the disk */
  content(key: number): Buffer | undefined {
    return this.#disks.get(key)?.read();
  }

  /** SHA-256 in hexadecimal. */
  digest(key: number): string | undefined {
    return this.#disks.get(key)?.digest();
  }
}

export class SimulatedGuest {
  /** Managed object id of the VM. */
  readonly vm: string;
  readonly name: string;
  tools: boolean;
  shutdown: number | 'never';
  quiesces: boolean;
  /** What the VM's configuration says about tracking. */
  trackingAsked: boolean;
  readonly writeEvery: number | undefined;
  /** Power-offs, oldest first, with the disks as they were at the moment. */
  readonly rests: Rest[] = [];
  /** Writes of its own doing. */
  writes = 0;
  /** Writes of the test while the power was off, which no guest can do. */
  writesWhileOff = 0;
  on = true;
  readonly #disks: SimulatedDisk[];
  readonly #removed: SimulatedDisk[] = [];
  readonly #next: () => number;
  readonly #workload: Workload;
  #timer: NodeJS.Timeout | undefined;

  constructor(vm: string, disks: readonly SimulatedDisk[], options: GuestOptions & { readonly name?: string }) {
    this.vm = vm;
    this.name = options.name ?? vm;
    this.#disks = [...disks];
    this.tools = options.tools ?? true;
    this.shutdown = options.shutdown ?? 0;
    this.quiesces = options.quiesces ?? true;
    this.trackingAsked = options.tracked ?? false;
    this.writeEvery = options.writeEvery;
    this.#next = randomWords(options.seed ?? 1);
    this.#workload = new Workload((options.seed ?? 1) + 0x5bd1);
    for (const disk of disks) {
      this.#fill(disk);
      if (options.tracked) disk.track();
    }
  }

  /** Disks that it has now, in the order of their keys. */
  get disks(): readonly SimulatedDisk[] {
    return this.#disks;
  }

  /** These, and those that were taken away while a snapshot still holds them. */
  get everyDisk(): readonly SimulatedDisk[] {
    return [...this.#disks, ...this.#removed];
  }

  /** @param disk position among the guest's disks; whatever the power, so that a test can play the fool */
  write(disk: number, offset: number, bytes: Uint8Array): void {
    if (!this.on) this.writesWhileOff += 1;
    this.#disk(disk).write(offset, bytes);
  }

  /** So many turns of its own doing. Nothing happens while the power is off. */
  tick(turns = 1): void {
    for (let done = 0; done < turns && this.on; done += 1) this.writes += this.#workload.turn(this.#disks);
  }

  /** Much at once. Nothing happens while the power is off. */
  burst(): void {
    if (this.on && this.#disks.length > 0) this.writes += this.#workload.burst(this.#disks);
  }

  /** What a disk holds now. @param disk position among the guest's disks */
  content(disk = 0): Buffer {
    return this.#disk(disk).content();
  }

  /** SHA-256 in hexadecimal of what a disk holds now. */
  digest(disk = 0): string {
    return this.#disk(disk).digest();
  }

  /** Some writes of its own choice. One in eight writes zeros, as a trim or a deleted file does. */
  writeSome(count: number): void {
    for (let done = 0; done < count; done += 1) {
      const disk = this.#disk(this.#next() % this.disks.length);
      const size = Math.min(WRITE_SIZES[this.#next() % WRITE_SIZES.length] ?? 512, disk.capacity);
      const offset = (this.#next() % (Math.floor((disk.capacity - size) / 512) + 1)) * 512;
      disk.write(offset, this.#next() % 8 === 0 ? Buffer.alloc(size) : this.#workload.bytes(size));
    }
  }

  /** Writes all the time until disposed of, or until the VM is off. */
  keepWriting(): Disposable {
    this.#timer ??= setInterval(() => this.writeSome(1), TICK_MS);
    this.#timer.unref();
    return { [Symbol.dispose]: () => this.halt() };
  }

  /** No more writes by themselves. */
  halt(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The power is gone, at that order of the chronicle. */
  rest(order: number): void {
    this.halt();
    this.on = false;
    this.rests.push(new Rest(order, this.#disks));
  }

  /** The power is back. What others did to the disks meanwhile is part of the rest that ends. */
  wake(): void {
    const rest = this.truth();
    if (rest) this.rests.splice(-1, 1, rest);
    this.on = true;
    this.stun();
  }

  /**
   * What a migrated VM has to hold: the disks as they are while the power is off, and as they were before it came back otherwise. Undefined
   * while it was never off.
   */
  truth(): Rest | undefined {
    const last = this.rests.at(-1);
    return last === undefined || this.on ? last : new Rest(last.order, this.#disks);
  }

  /** The host stuns the VM, at a snapshot or when power comes on: what was asked about tracking takes effect now. */
  stun(): void {
    for (const disk of this.disks) {
      if (this.trackingAsked && disk.changeId === undefined) disk.track();
      if (!this.trackingAsked) disk.stopTracking();
    }
  }

  add(disk: SimulatedDisk): void {
    this.#disks.push(disk);
    this.#fill(disk);
  }

  remove(disk: SimulatedDisk): void {
    const at = this.#disks.indexOf(disk);
    if (at >= 0) this.#removed.push(...this.#disks.splice(at, 1));
  }

  #disk(position: number): SimulatedDisk {
    const disk = this.#disks[position];
    if (!disk) throw new RangeError(`the guest has no disk ${position}`);
    return disk;
  }

  /** About a third holds data, the rest was never written. */
  #fill(disk: SimulatedDisk): void {
    const piece = Math.min(disk.capacity, 256 * 1024);
    for (let at = 0; at + piece <= disk.capacity; at += piece)
      if (at === 0 || this.#next() % 3 === 0) disk.write(at, this.#workload.bytes(piece));
  }
}
