/**
 * A guest that is at work: it writes to its disks, the same bytes at the same places for the same seed, whenever it is told to or all the time.
 */
import { randomWords } from '../../demo/guest/disk.ts';
import type { SimulatedDisk } from './disk.ts';

export interface GuestOptions {
  /** Bytes of each disk, in place of what the simulator says; 8 MiB when absent. */
  readonly capacity?: number;
  readonly seed?: number;
  /** VMware Tools run in it; true when absent. */
  readonly tools?: boolean;
  /** How long it takes to shut down when asked to, in ms; 0 when absent, `never` for a guest that hangs. */
  readonly shutdown?: number | 'never';
  /** Whether a quiesced snapshot works; true when absent. */
  readonly quiesces?: boolean;
  /** Tracking is on from the start, in flag and in effect. */
  readonly tracked?: boolean;
}

const WRITE_SIZES = [512, 4096, 4096, 8192, 65_536, 200_000];
const TICK_MS = 2;

export class SimulatedGuest {
  /** Managed object id of the VM. */
  readonly vm: string;
  readonly disks: readonly SimulatedDisk[];
  readonly tools: boolean;
  readonly shutdown: number | 'never';
  readonly quiesces: boolean;
  /** What the VM's configuration says about tracking. */
  trackingAsked: boolean;
  readonly #next: () => number;
  #timer: NodeJS.Timeout | undefined;

  constructor(vm: string, disks: readonly SimulatedDisk[], options: GuestOptions) {
    this.vm = vm;
    this.disks = disks;
    this.tools = options.tools ?? true;
    this.shutdown = options.shutdown ?? 0;
    this.quiesces = options.quiesces ?? true;
    this.trackingAsked = options.tracked ?? false;
    this.#next = randomWords(options.seed ?? 1);
    for (const disk of disks) {
      this.#fill(disk);
      if (options.tracked) disk.track();
    }
  }

  /** @param disk position among the guest's disks */
  write(disk: number, offset: number, bytes: Uint8Array): void {
    this.#disk(disk).write(offset, bytes);
  }

  /** Some writes of its own choice. One in eight writes zeros, as a trim or a deleted file does. */
  writeSome(count: number): void {
    for (let done = 0; done < count; done += 1) {
      const disk = this.#disk(this.#next() % this.disks.length);
      const size = Math.min(WRITE_SIZES[this.#next() % WRITE_SIZES.length] ?? 512, disk.capacity);
      const offset = (this.#next() % (Math.floor((disk.capacity - size) / 512) + 1)) * 512;
      disk.write(offset, this.#next() % 8 === 0 ? Buffer.alloc(size) : this.#bytes(size));
    }
  }

  /** Writes all the time until disposed of, or until the VM is off. */
  keepWriting(): Disposable {
    this.#timer ??= setInterval(() => this.writeSome(1), TICK_MS);
    this.#timer.unref();
    return { [Symbol.dispose]: () => this.halt() };
  }

  /** No more writes: the power is off. */
  halt(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The host stuns the VM, at a snapshot or when power comes on: what was asked about tracking takes effect now. */
  stun(): void {
    for (const disk of this.disks) {
      if (this.trackingAsked && disk.changeId === undefined) disk.track();
      if (!this.trackingAsked) disk.stopTracking();
    }
  }

  #disk(position: number): SimulatedDisk {
    const disk = this.disks[position];
    if (!disk) throw new RangeError(`the guest has no disk ${position}`);
    return disk;
  }

  /** About a third holds data, the rest was never written. */
  #fill(disk: SimulatedDisk): void {
    const piece = Math.min(disk.capacity, 256 * 1024);
    for (let at = 0; at + piece <= disk.capacity; at += piece)
      if (at === 0 || this.#next() % 3 === 0) disk.write(at, this.#bytes(piece));
  }

  #bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(this.#next() >>> 0, at);
    return bytes;
  }
}
