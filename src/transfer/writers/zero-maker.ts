/**
 * Makes runs of an open target read as zeros. Node can neither punch holes nor send WRITE ZEROES, so large runs are handed to the
 * programs of util-linux (a start costs about 11 ms); where none of them can do it, zeros are written.
 */
import type { FileHandle } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, GiB, KiB, MiB, roundUp } from '../../model/units.ts';
import { canceled, checkCanceled } from '../cancellation.ts';
import { startProgram } from '../program.ts';
import { writeWhole } from './target-errors.ts';

/** Shorter runs are written in the time that a program takes to start. */
const WORTH_A_PROGRAM: Bytes = 16 * MiB;
/** What one program is asked for: canceling takes as long as this does, which is a moment wherever the target can do it by itself. */
const STEP: Bytes = 16 * GiB;
/** Programs are given whole pieces of this size: no file system or device has larger ones. */
const PIECE: Bytes = 4 * KiB;
const ZEROS = new Uint8Array(MiB);

export interface ZeroMakerOptions {
  readonly file: FileHandle;
  /** The same file, for programs. */
  readonly path: string;
  readonly device: boolean;
  readonly signal: AbortSignal;
}

export class ZeroMaker {
  readonly #options: ZeroMakerOptions;
  /** Those that have not failed yet, the best first: one gives space back, the other one has the device or the kernel write zeros. */
  #programs: readonly ZeroProgram[];

  constructor(options: ZeroMakerOptions) {
    this.#options = options;
    this.#programs = options.device ? ['fallocate', 'blkdiscard'] : ['fallocate'];
  }

  /** @throws the system's errors; MigrationError `canceled` */
  async zero(offset: Bytes, length: Bytes): Promise<void> {
    const end = offset + length;
    for (let from = offset; from < end; from += STEP) await this.#step(from, Math.min(from + STEP, end));
  }

  async #step(from: Bytes, to: Bytes): Promise<void> {
    const inner = roundUp(from, PIECE);
    const length = Math.floor(to / PIECE) * PIECE - inner;
    if (length < WORTH_A_PROGRAM || !(await this.#byProgram(inner, length))) return await this.#write(from, to);
    await this.#write(from, inner);
    await this.#write(inner + length, to);
  }

  async #byProgram(offset: Bytes, length: Bytes): Promise<boolean> {
    const { path, signal } = this.#options;
    for (const name of this.#programs) {
      if (await succeeds(name, [...ARGV[name](offset, length), path], signal)) return true;
      this.#programs = this.#programs.filter((other) => other !== name);
    }
    return false;
  }

  async #write(from: Bytes, to: Bytes): Promise<void> {
    const { file, signal } = this.#options;
    for (let at = from; at < to; at += ZEROS.length) {
      checkCanceled(signal);
      await writeWhole(file, at, ZEROS.subarray(0, to - at));
    }
  }
}

type ZeroProgram = 'fallocate' | 'blkdiscard';

const ARGV: Record<ZeroProgram, (offset: Bytes, length: Bytes) => readonly string[]> = {
  // On a device: WRITE ZEROES that may unmap, or an error; the kernel never falls back to writing here.
  fallocate: (offset, length) => ['--punch-hole', '--offset', String(offset), '--length', String(length)],
  // Forced, because it wants the device for itself and we hold it. In steps, because a step cannot be killed.
  blkdiscard: (offset, length) => ['-f', '-z', '-p', String(128 * MiB), '-o', String(offset), '-l', String(length)],
};

/** Whether a program did its work. What is missing or refuses has another way. @throws MigrationError `canceled` */
async function succeeds(name: ZeroProgram, argv: readonly string[], signal: AbortSignal): Promise<boolean> {
  try {
    const program = await startProgram(name, argv, signal);
    program.stdout.resume();
    const { status } = await program.ended;
    if (signal.aborted) throw canceled(signal);
    return status === 0;
  } catch (error) {
    if (error instanceof MigrationError && error.code === 'tool-missing') return false;
    throw error;
  }
}
