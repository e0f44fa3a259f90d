/**
 * The memory that disk content passes through: one pool for all disks of the process, so that it grows neither with the number of disks
 * nor with their size. Buffers are used again, because four mebibytes at a time would keep the garbage collector behind.
 */
import { type Bytes, MiB } from '../../model/units.ts';
import { BLOCK } from '../proof/cell-hashes.ts';
import { Gate } from './gate.ts';

/** Blocks that are read, hashed and written together: requests of 4 MiB were measured to fill any link with 8 of them in flight. */
export const RUN_BLOCKS = 4;
const RUN_BYTES: Bytes = RUN_BLOCKS * BLOCK;
const DEFAULT_LIMIT: Bytes = 64 * MiB;

/** Room for RUN_BLOCKS blocks, with whatever its last user left in it. Disposing gives it back. */
export interface RunBuffer extends Disposable {
  /** Over a whole SharedArrayBuffer, so that other threads hash what lies in it without a copy. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

export class BufferPool {
  readonly #gate: Gate;
  readonly #free: Uint8Array<SharedArrayBuffer>[] = [];

  /** `limit` is the memory in bytes for everything in flight; at least one buffer is given out whatever it says. */
  constructor(limit: Bytes = DEFAULT_LIMIT) {
    this.#gate = new Gate(() => Math.floor(limit / RUN_BYTES));
  }

  /** The next free buffer, first come, first served. @throws MigrationError `canceled` */
  async take(signal: AbortSignal): Promise<RunBuffer> {
    const place = await this.#gate.enter(signal);
    const bytes = this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(RUN_BYTES));
    let held = true;
    return {
      bytes,
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#free.push(bytes);
        place[Symbol.dispose]();
      },
    };
  }
}
