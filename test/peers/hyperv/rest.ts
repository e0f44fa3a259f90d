/** What a guest's disks hold at the start, and what they held while it had no power: the truth that a migration is measured by. */
import type { Pages } from '../vcenter/pages.ts';
import type { Workload } from '../vcenter/workload.ts';
import type { SimulatedDisk } from './disk.ts';

/** The disks of a machine while it had no power. */
export class Rest {
  /** Of the power-off in the chronicle. */
  readonly order: number;
  readonly #disks: ReadonlyMap<string, Pages>;

  constructor(order: number, disks: ReadonlyMap<string, SimulatedDisk>) {
    this.order = order;
    this.#disks = new Map([...disks].map(([slot, disk]) => [slot, disk.keep()]));
  }

  /** `scsi0:0`, of those with bytes. */
  get slots(): readonly string[] {
    return [...this.#disks.keys()];
  }

  content(slot: string): Buffer | undefined {
    return this.#disks.get(slot)?.read();
  }

  /** SHA-256 in hexadecimal. */
  digest(slot: string): string | undefined {
    return this.#disks.get(slot)?.digest();
  }
}

/** About a third holds data, the rest was never written. */
export function fill(disk: SimulatedDisk, next: () => number, workload: Workload): void {
  const piece = Math.min(disk.capacity, 256 * 1024);
  for (let at = 0; at + piece <= disk.capacity; at += piece)
    if (at === 0 || next() % 3 === 0) disk.write(at, workload.bytes(piece));
}
