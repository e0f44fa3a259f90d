/** What a worker does with grains that lie in its buffer: blocks are made, hashed and written. Synchronous: the thread is its own. */
import { readSync, writeSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { MigrationError } from '../../model/errors.ts';
import type { Bytes } from '../../model/units.ts';
import { GRAIN_MARKER_BYTES, maxDeflated, parseMarker } from '../formats/vmdk/header.ts';
import { tagOf } from '../proof/block-tags.ts';
import { BLOCK, blockHash, CELL, cellOf, cellsIn, hashCells } from '../proof/cell-hashes.ts';
import type { BlockTask, DecodeTask, DigestTask, GrainTask, HashBlock, HashedBlocks, HashTask } from './task.ts';

/** The one block that a thread works on. */
const scratch = Buffer.allocUnsafeSlow(BLOCK);

const NO_DIGEST = new Uint8Array(0);

/** The system's error while the target was written. */
export class TargetTrouble extends Error {
  override readonly name = 'TargetTrouble';
}

/**
 * @param bytes the buffer that holds the task's grains
 * @throws MigrationError `image-malformed`, `image-truncated`; TargetTrouble
 */
export function decodeBlocks(task: DecodeTask, bytes: Buffer): HashedBlocks {
  const digests: HashedBlocks[number][] = [];
  for (const block of task.blocks) {
    const whole = scratch.subarray(0, block.length);
    assemble(task, block, bytes, whole);
    const start = block.index * BLOCK;
    const cells = hashCells(whole);
    if (block.treatment === 'fresh') writeData(task.target, start, { block: whole, data: cells.data });
    else writeAll(task.target, start, whole);
    if (cells.data !== 0) digests.push({ index: block.index, digest: blockHash(cells), ...tagged([whole], task) });
  }
  return digests;
}

/** @param bytes the buffer that the task's reads have filled; zeros elsewhere */
export function hashBlocks(task: HashTask, bytes: Buffer): HashedBlocks {
  let at = 0;
  return task.blocks.map(({ index, length, expected, onlyParts = false }) => {
    const block = bytes.subarray(at, at + length);
    at += length;
    const digest = asExpected(block, expected, task);
    return { index, digest: digest ?? (onlyParts ? NO_DIGEST : blockHash(hashCells(block))) };
  });
}

export function digestBlocks(task: DigestTask, bytes: Buffer<ArrayBufferLike>): HashedBlocks {
  return task.blocks.map(({ index, at, length, known, packed = false }) => {
    const block = bytes.subarray(at, at + length);
    const cells = hashCells(block, known, packed);
    const parts = known === undefined || packed ? [block] : cellsIn(known.changed).map((cell) => cellOf(block, cell));
    return { index, digest: blockHash(cells), cells, ...tagged(parts, task) };
  });
}

function tagged(parts: readonly Uint8Array[], { key }: Pick<DigestTask, 'key'>): Pick<HashedBlocks[number], 'tag'> {
  return key === undefined ? {} : { tag: tagOf(key, ...parts) };
}

/** The digest that a block is expected to have, where its tag shows that it has. */
function asExpected(block: Buffer, expected: HashBlock['expected'], { key }: HashTask): Uint8Array | undefined {
  if (key === undefined || expected === undefined) return undefined;
  return Buffer.compare(tagOf(key, block), expected.tag) === 0 ? expected.digest : undefined;
}

function assemble(task: DecodeTask, block: BlockTask, bytes: Buffer, whole: Buffer): void {
  const covered = block.grains.reduce((sum, grain) => sum + grain.length, 0);
  if (block.treatment === 'amend') readAll(task.target, block.index * BLOCK, whole);
  else if (covered < whole.length) whole.fill(0);
  for (const grain of block.grains) {
    const content = task.deflated
      ? inflateGrain(task, grain, bytes.subarray(grain.at, grain.at + grain.room), block.index * BLOCK + grain.offset)
      : bytes.subarray(grain.at, grain.at + grain.length);
    if (content.length < grain.length) throw truncated();
    whole.set(content.subarray(0, grain.length), grain.offset);
  }
}

/**
 * @param bytes from the marker on, as far as they can belong to the grain
 * @param offset where the grain belongs on the disk: its marker must say the same
 */
function inflateGrain({ grainBytes }: DecodeTask, { length }: GrainTask, bytes: Buffer, offset: Bytes): Buffer {
  if (bytes.length < 16) throw truncated();
  const marker = parseMarker(bytes);
  if (marker.kind !== 'grain' || marker.offset !== offset) throw malformed('a grain table names a place where its grain is not');
  if (marker.size > maxDeflated(grainBytes)) throw malformed('a grain is larger than any that deflate makes');
  const end = GRAIN_MARKER_BYTES + marker.size;
  if (end > bytes.length) throw malformed('a grain reaches into what stands behind it, or beyond the end');
  const inflated = inflate(bytes.subarray(GRAIN_MARKER_BYTES, end), grainBytes);
  if (inflated.length < length) throw malformed('a grain is too short');
  return inflated;
}

/**
 * Measured: the room for a whole grain at once, and a little more so that zlib sees the end in the same call, takes 0.77 of the
 * time that inflateSync takes by itself. (A kept Inflate object has no synchronous call; fflate takes 2.4 times as long.)
 */
function inflate(deflated: Buffer, grainBytes: Bytes): Buffer {
  try {
    return inflateSync(deflated, { chunkSize: grainBytes + 64, maxOutputLength: grainBytes });
  } catch (cause) {
    throw malformed('a grain cannot be inflated', cause);
  }
}

/**
 * Zeros are left out by whole cells: the allocation unit of most file systems is a divisor of them.
 * @param data cells of the block that hold anything
 */
function writeData(fd: number, offset: Bytes, { block, data }: { readonly block: Buffer; readonly data: number }): void {
  for (let cell = 0; cell * CELL < block.length; cell += 1) {
    const first = cell;
    while ((data & (1 << cell)) !== 0) cell += 1;
    if (cell > first) writeAll(fd, offset + first * CELL, block.subarray(first * CELL, cell * CELL));
  }
}

function writeAll(fd: number, offset: Bytes, bytes: Buffer): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
  } catch (cause) {
    throw new TargetTrouble('The target cannot be written', { cause });
  }
}

/** What the target does not have reads as zeros. */
function readAll(fd: number, offset: Bytes, into: Buffer): void {
  try {
    for (let at = 0; at < into.length; ) {
      const count = readSync(fd, into, at, into.length - at, offset + at);
      if (count === 0) {
        into.fill(0, at);
        return;
      }
      at += count;
    }
  } catch (cause) {
    throw new TargetTrouble('The target cannot be read', { cause });
  }
}

function malformed(what: string, cause?: unknown): MigrationError {
  return new MigrationError('image-malformed', `The VMDK is damaged: ${what}.`, { cause });
}

function truncated(): MigrationError {
  return new MigrationError('image-truncated', 'The VMDK ends too early: a grain is cut short.');
}
