/** What a block worker is asked and what it answers: plain data that can be posted between threads. */
import type { KeyObject } from 'node:crypto';
import type { ErrorCode } from '../../model/error-codes.ts';
import type { Bytes } from '../../model/units.ts';
import type { CellHashes, ChangedCells } from '../proof/cell-hashes.ts';

/** Bytes of an open file that are to lie at `into` in the task's buffer. */
export interface FileRead {
  readonly fd: number;
  readonly at: Bytes;
  readonly length: Bytes;
  readonly into: Bytes;
}

/** A grain of a block: where it is in the task's buffer and where it goes. */
export interface GrainTask {
  /** First byte in the block. */
  readonly offset: Bytes;
  /** Bytes of the disk; less than a grain at the disk's end. */
  readonly length: Bytes;
  /** First byte in the buffer: of the marker where grains are deflated. */
  readonly at: Bytes;
  /** Bytes in the buffer that can belong to it. */
  readonly room: Bytes;
}

/** The grains of one block. */
export interface GrainedBlock {
  /** Number of the block on the disk. */
  readonly index: number;
  /** Bytes of the block: less than BLOCK at the disk's end. */
  readonly length: Bytes;
  readonly grains: readonly GrainTask[];
}

/**
 * What is known of a block's place on the target:
 * - `fresh`: it reads as zeros, so zeros are not written
 * - `overwrite`: nothing, so zeros are written too
 * - `amend`: it holds other grains of the same disk, which stay
 */
export type Treatment = 'fresh' | 'overwrite' | 'amend';

export interface BlockTask extends GrainedBlock {
  readonly treatment: Treatment;
}

/** Take grains, make whole blocks of them, write these, and hash them on the way. What no grain covers is zeros. */
export interface DecodeTask {
  readonly kind: 'decode';
  readonly reads: readonly FileRead[];
  /** Holds the grains already, in place of reads. Nobody changes it before the answer. */
  readonly given?: SharedArrayBuffer;
  /** Size of the buffer that the reads fill, or bytes of `given` that count. */
  readonly bytes: Bytes;
  readonly blocks: readonly BlockTask[];
  readonly grainBytes: Bytes;
  /** Grains are deflated and led by their markers. */
  readonly deflated: boolean;
  /** Descriptor of the target. */
  readonly target: number;
  /** Blocks are tagged with it too. */
  readonly key?: KeyObject;
}

/**
 * Read blocks of a file and hash them. What no read fills is zeros. A block with the tag that is expected of it has the digest that goes with
 * the tag, and is not hashed.
 */
export interface HashTask {
  readonly kind: 'hash';
  readonly reads: readonly FileRead[];
  readonly bytes: Bytes;
  /** They lie one after the other in the buffer. */
  readonly blocks: readonly HashBlock[];
  /** Key of the tags that are expected. */
  readonly key?: KeyObject;
}

export interface HashBlock {
  readonly index: number;
  /** Bytes in the buffer. */
  readonly length: Bytes;
  /** Only some of its cells are in the buffer, one behind the other. Without the tag that is expected of them it has no digest: an empty one is told. */
  readonly onlyParts?: true;
  readonly expected?: { readonly digest: Uint8Array; readonly tag: Uint8Array };
}

/** Hash blocks that lie in memory which is shared with the worker. Nobody changes them before the answer. */
export interface DigestTask {
  readonly kind: 'digest';
  readonly given: SharedArrayBuffer;
  readonly blocks: readonly DigestBlock[];
  /** Blocks are tagged with it too: those of which only some cells changed, by these. */
  readonly key?: KeyObject;
}

export interface DigestBlock {
  readonly index: number;
  /** First byte in the buffer. */
  readonly at: Bytes;
  readonly length: Bytes;
  /** Hashes of its cells before those of `changed` were: the others need not be in the buffer. */
  readonly known?: ChangedCells;
  /** Nor are they: those of `changed` lie one behind the other. */
  readonly packed?: true;
}

export type Task = DecodeTask | HashTask | DigestTask;

/** Hashes of blocks, as proof/cell-hashes.ts has them. */
export type BlockDigests = readonly { readonly index: number; readonly digest: Uint8Array }[];

/** A digest task tells the cells too; a decode task leaves out blocks of zeros. Tags are there where a key was given. */
export type HashedBlocks = readonly (BlockDigests[number] & { readonly cells?: CellHashes; readonly tag?: Uint8Array })[];

/** Errors lose their class and their code between threads. System errors are about the target; the source's are told as ours. */
export type TaskFailure =
  | { readonly kind: 'migration'; readonly code: ErrorCode; readonly message: string; readonly cause: unknown }
  | { readonly kind: 'system'; readonly code: string; readonly message: string }
  | { readonly kind: 'bug'; readonly cause: unknown };

export interface TaskMessage {
  readonly id: number;
  readonly task: Task | KnownMemory;
}

/**
 * A digest task over memory that the worker has already: the place of it among all that came, in order. Memory that comes again and again
 * counts each time for the worker's garbage collector, which would go through the whole heap for every 64 MiB.
 */
export interface KnownMemory extends Omit<DigestTask, 'given'> {
  readonly given: number;
}

export type Outcome = { readonly digests: HashedBlocks } | { readonly failure: TaskFailure };

export type TaskAnswer = { readonly id: number } & Outcome;

/** Tasks that a worker may have in hand: one at work, one read, one being read. Their buffers are its memory: about 5 MiB each. */
export const WORKER_DEPTH = 3;
