/** Which parts of a file are taken, so that no two structures share one. */
import { type Bytes, MiB } from '../../../model/units.ts';

export class Occupancy {
  readonly #taken: Uint8Array;

  /** @param size of the file, in bytes; one bit is kept for each MiB */
  constructor(size: Bytes) {
    this.#taken = new Uint8Array(Math.ceil(Math.ceil(size / MiB) / 8));
  }

  /** Takes whole MiB. False when one of them was taken already. */
  take(at: Bytes, length: Bytes): boolean {
    for (let index = Math.floor(at / MiB); index * MiB < at + length; index += 1) {
      const bit = 1 << (index & 7);
      const byte = this.#taken[index >>> 3] ?? 0;
      if ((byte & bit) !== 0) return false;
      this.#taken[index >>> 3] = byte | bit;
    }
    return true;
  }
}
