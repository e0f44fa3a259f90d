/**
 * What a guest does to its disks, by a seed: small writes mostly at a few hot places, some anywhere, zeros where files were deleted, a burst now
 * and then. All in units of 512 bytes. The same calls in the same order write the same bytes.
 */
import { randomWords } from '../../demo/guest/disk.ts';

const SECTOR = 512;
const KiB = 1024;
const SIZES = [SECTOR, SECTOR, 4 * KiB, 4 * KiB, 8 * KiB, 16 * KiB, 64 * KiB];
/** One that touches several blocks of the tracking, at no boundary. */
const LARGE = 200_192;
const HOT_PLACES = 3;
const HOT_BYTES = 256 * KiB;

/** Two pieces of it are the same once in a million. */
const NOISE_BYTES = 1024 * KiB + 256 * KiB;
let noise: Buffer | undefined;

function makeNoise(): Buffer {
  const next = randomWords(0x6e6f6973);
  return Buffer.from(Uint32Array.from({ length: NOISE_BYTES / 4 }, next).buffer);
}

/** A disk of whichever source. */
export interface WrittenDisk {
  /** Tells the disks of one guest apart. */
  readonly key: number;
  /** Bytes. */
  readonly capacity: number;
  write(offset: number, bytes: Uint8Array): void;
  zero(offset: number, length: number): void;
}

export class Workload {
  readonly #next: () => number;
  /** Starts of hot places by disk, in thousandths of its capacity. */
  readonly #hot = new Map<number, readonly number[]>();

  constructor(seed: number) {
    this.#next = randomWords(seed);
  }

  /** One turn: usually one write or two, in one turn of 40 a burst. Gives the number of writes. */
  turn(disks: readonly WrittenDisk[]): number {
    if (disks.length === 0) return 0;
    if (this.#next() % 40 === 0) return this.burst(disks);
    const writes = 1 + (this.#next() % 2);
    for (let done = 0; done < writes; done += 1) this.#write(this.#pick(disks));
    return writes;
  }

  /** A large file, in order, and some metadata. */
  burst(disks: readonly WrittenDisk[]): number {
    const disk = this.#pick(disks);
    const pieces = 4 + (this.#next() % 8);
    const start = this.#place(disk, pieces * 64 * KiB);
    for (let piece = 0; piece < pieces; piece += 1) {
      const at = start + piece * 64 * KiB;
      const size = Math.min(64 * KiB, disk.capacity - at);
      if (size > 0) disk.write(at, this.bytes(size));
    }
    for (let small = 0; small < 3; small += 1) this.#write(disk);
    return pieces + 3;
  }

  /** Random bytes, a piece of the one noise that all guests share. @param length 256 KiB at most */
  bytes(length: number): Buffer {
    noise ??= makeNoise();
    const start = this.#next() % (noise.length - length);
    return noise.subarray(start, start + length);
  }

  /** True in one of `n` cases. */
  one(n: number): boolean {
    return this.#next() % n === 0;
  }

  #write(disk: WrittenDisk): void {
    const size = Math.min(this.#next() % 24 === 0 ? LARGE : (SIZES[this.#next() % SIZES.length] ?? SECTOR), disk.capacity);
    const offset = this.#next() % 10 < 7 ? this.#hotPlace(disk, size) : this.#place(disk, size);
    if (this.one(8)) disk.zero(offset, this.one(4) ? Math.min(LARGE, disk.capacity - offset) : size);
    else disk.write(offset, this.bytes(size));
  }

  #pick(disks: readonly WrittenDisk[]): WrittenDisk {
    const disk = disks[this.#next() % disks.length];
    if (!disk) throw new RangeError('a guest without disks cannot write');
    return disk;
  }

  #place(disk: WrittenDisk, size: number): number {
    return (this.#next() % (Math.floor(Math.max(0, disk.capacity - size) / SECTOR) + 1)) * SECTOR;
  }

  #hotPlace(disk: WrittenDisk, size: number): number {
    const places = this.#hot.get(disk.key) ?? Array.from({ length: HOT_PLACES }, () => this.#next() % 1000);
    this.#hot.set(disk.key, places);
    const start = Math.floor(((places[this.#next() % HOT_PLACES] ?? 0) * disk.capacity) / 1000 / SECTOR) * SECTOR;
    const offset = start + (this.#next() % (HOT_BYTES / SECTOR)) * SECTOR;
    return Math.max(0, Math.min(offset, Math.floor((disk.capacity - size) / SECTOR) * SECTOR));
  }
}
