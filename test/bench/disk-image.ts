/**
 * A raw disk as a server in use has it: data in many runs of different length all over the disk, about 40 % of it, which
 * deflate makes half as large. The same bytes for the same size, so that results of different days can be compared.
 */
import { open } from 'node:fs/promises';
import { KiB, MiB } from '../../src/model/units.ts';
import { randomWords } from '../demo/guest/disk.ts';

const BLOCK = 4 * KiB;
const PIECE = 64 * KiB;
const POOL = 48 * MiB;
/** One run of data lies in each slot of this size. */
const SLOT = 8 * MiB;
/** Longest run as a share of its slot; the mean is half of it. */
const LONGEST = 0.82;

/** Writes a sparse raw disk of `size` bytes, a multiple of 8 MiB, and returns how many bytes of it hold data. */
export async function writeServerDisk(file: string, size: number): Promise<number> {
  const next = randomWords(0x5eed_0001);
  const pool = fileData(next);
  let written = 0;
  await using disk = await open(file, 'w');
  await disk.truncate(size);
  for (let slot = 0; slot < size; slot += SLOT) {
    const length = blocks(LONGEST * SLOT * share(next()));
    const start = slot + blocks((SLOT - length) * share(next()));
    for (let done = 0; done < length; done += PIECE) {
      const piece = Math.min(PIECE, length - done);
      const from = blocks((POOL - PIECE) * share(next()));
      await disk.write(pool, from, piece, start + done);
    }
    written += length;
  }
  return written;
}

/** Half of the blocks are text, the other half records with fields of noise, as in programs and databases. */
function fileData(next: () => number): Buffer {
  const pool = Buffer.alloc(POOL);
  const words = Array.from({ length: 3000 }, () => word(next));
  for (let at = 0; at < POOL; at += BLOCK) {
    if (next() % 2 === 0) fillWithText(pool.subarray(at, at + BLOCK), words, next);
    else fillWithRecords(pool.subarray(at, at + BLOCK), next);
  }
  return pool;
}

function fillWithText(block: Buffer, words: readonly string[], next: () => number): void {
  let at = 0;
  while (at < block.length) {
    // The cube favours few words, as languages do.
    const text = words[Math.floor(words.length * share(next()) ** 3)] ?? '';
    at += block.write(text, at, 'latin1') || block.length;
  }
}

function fillWithRecords(block: Buffer, next: () => number): void {
  for (let at = 0; at < block.length; at += 32) {
    block.writeUInt32LE(at, at);
    block.writeUInt32LE(0x0001_0203, at + 4);
    for (let field = 8; field < 20; field += 4) block.writeUInt32LE(next(), at + field);
  }
}

function word(next: () => number): string {
  const letters = 2 + (next() % 8);
  return `${Array.from({ length: letters }, () => String.fromCharCode(97 + (next() % 26))).join('')} `;
}

/** 0 ≤ share < 1. */
function share(word32: number): number {
  return word32 / 2 ** 32;
}

function blocks(bytes: number): number {
  return Math.floor(bytes / BLOCK) * BLOCK;
}
