/** What a worker does with grains that lie in its buffer: blocks are made, hashed and written. Synchronous: the thread is its own. */
import { hash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, KiB } from '../../model/units.ts';
import { GRAIN_MARKER_BYTES, maxDeflated, parseMarker } from '../formats/vmdk/header.ts';
import { BLOCK } from '../proof/block-hashes.ts';
import type { BlockDigests, BlockTask, DecodeTask, DigestTask, GrainTask, HashTask } from './task.ts';

/** Zeros are left out of the target in pieces of this size: the allocation unit of most file systems is a divisor of it. */
const HOLE = 64 * KiB;
const ZEROS = Buffer.alloc(HOLE);

/** The one block that a thread works on. */
const scratch = Buffer.allocUnsafeSlow(BLOCK);

/** The system's error while the target was written. */
export class TargetTrouble extends Error {
  override readonly name = 'TargetTrouble';
}

/**
 * @param bytes the buffer that holds the task's grains
 * @throws MigrationError `image-malformed`, `image-truncated`; TargetTrouble
 */
export function decodeBlocks(task: DecodeTask, bytes: Buffer): BlockDigests {
  const digests: { index: number; digest: Uint8Array }[] = [];
  for (const block of task.blocks) {
    const whole = scratch.subarray(0, block.length);
    assemble(task, block, bytes, whole);
    const start = block.index * BLOCK;
    const data = block.treatment === 'fresh' ? writeData(task.target, start, whole) : overwrite(task.target, start, whole);
    if (data && task.hash) digests.push({ index: block.index, digest: hash('sha256', whole, 'buffer') });
  }
  return digests;
}

/** @param bytes the buffer that the task's reads have filled; zeros elsewhere */
export function hashBlocks(task: HashTask, bytes: Buffer): BlockDigests {
  let at = 0;
  return task.blocks.map(({ index, length }) => {
    const block = bytes.subarray(at, at + length);
    at += length;
    return { index, digest: hash('sha256', block, 'buffer') };
  });
}

export function digestBlocks(task: DigestTask, bytes: Buffer<ArrayBufferLike>): BlockDigests {
  return task.blocks.map(({ index, at, length }) => ({
    index,
    digest: hash('sha256', bytes.subarray(at, at + length), 'buffer'),
  }));
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

/** True when there is anything but zeros. */
function overwrite(fd: number, offset: Bytes, block: Buffer): boolean {
  writeAll(fd, offset, block);
  for (let at = 0; at < block.length; at += HOLE) if (!isZero(block.subarray(at, at + HOLE))) return true;
  return false;
}

/** Writes all but the zeros; true when there was anything else. */
function writeData(fd: number, offset: Bytes, block: Buffer): boolean {
  let any = false;
  for (let at = 0; at < block.length; ) {
    const start = at;
    while (at < block.length && !isZero(block.subarray(at, at + HOLE))) at += HOLE;
    if (at > start) {
      writeAll(fd, offset + start, block.subarray(start, at));
      any = true;
    }
    at += HOLE;
  }
  return any;
}

function isZero(piece: Buffer): boolean {
  return ZEROS.subarray(0, piece.length).equals(piece);
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
