/** The demo guest's disk: a boot sector that checks the rest, and data scattered over a mostly empty disk. The same bytes at every run. */
import { bootSector, checksum } from './boot-sector.ts';

const SECTOR = 512;
const MiB = 1024 * 1024;
export const GUEST_DISK_BYTES = 64 * MiB;
const SIGNATURE = 0x6b756265;

/** Runs of data as [offset, length] in bytes: across grain borders, single sectors, and the very last sector. */
const RUNS: readonly (readonly [number, number])[] = [
  [1 * MiB, 2 * MiB],
  [5 * MiB + 3 * SECTOR, 700 * SECTOR],
  [17 * MiB - SECTOR, 2 * SECTOR],
  [33 * MiB, 1.5 * MiB],
  [47 * MiB + 64 * 1024, 64 * 1024],
  [60 * MiB, 300 * 1024],
  [GUEST_DISK_BYTES - SECTOR, SECTOR],
];

/** The raw disk, 64 MiB of which about 4.2 MiB hold data. */
export function guestDisk(): Buffer {
  const disk = Buffer.alloc(GUEST_DISK_BYTES);
  const next = randomWords(0x2545f491);
  for (const [offset, length] of RUNS) {
    for (let at = offset; at < offset + length; at += 4) disk.writeUInt32LE(next(), at);
  }
  bootSector({ sectors: disk.length / SECTOR, checksum: checksum(disk), signature: SIGNATURE }).copy(disk);
  return disk;
}

/** Deterministic 32-bit numbers: the xorshift generator of Marsaglia (2003) with the triple 13, 17, 5. */
export function randomWords(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
