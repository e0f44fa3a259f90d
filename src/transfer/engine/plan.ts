/** What has to be done with each block of a disk in one pass. Nothing is read or written here. */
import type { Extent } from '../../model/transfer.ts';
import { type Bytes, GiB } from '../../model/units.ts';
import type { TargetJournal } from '../journal/journal.ts';
import { BLOCK } from '../proof/cell-hashes.ts';
import { RUN_BLOCKS } from './buffers.ts';
import type { Cells } from './cells.ts';

/**
 * What is known of a block on the target, and so what is done with it:
 * - `fresh`: it reads as zeros; whatever is not zeros is written
 * - `overwrite`: nothing; all of it is written, zeros as zeros
 * - `patch`: it has the journal's hash (which is checked); only the parts read are written
 * - `compare`: as `patch`, but the whole block is read and written only when it differs
 */
export type Treatment = 'fresh' | 'overwrite' | 'patch' | 'compare';

export interface BlockPlan {
  readonly index: number;
  readonly treatment: Treatment;
  /** Hash that the block on the target has; where it is patched or compared. A copy: the journal forgets it when the block is announced. */
  readonly expected?: Uint8Array;
  /** It was read back since it was last written; the journal forgets that too. */
  readonly proven?: boolean;
  /** Read from the source: ascending, apart, inside the block. The rest is zeros, or as it was where the block is patched. */
  readonly parts: readonly Extent[];
  /** What it counts for in the progress: its bytes in the plan's cells. */
  readonly weight: Bytes;
}

/** Up to RUN_BLOCKS blocks that share a buffer, ascending. */
export interface BlocksItem {
  readonly kind: 'blocks';
  readonly blocks: readonly BlockPlan[];
}

/** Blocks [from, to) that are zeros in the source and may be anything on the target. */
export interface ZerosItem {
  readonly kind: 'zeros';
  readonly from: number;
  readonly to: number;
}

export type PlanItem = BlocksItem | ZerosItem;

/** Zeros are made in pieces that leave time to cancel between them. */
const ZEROS_AT_ONCE = GiB / BLOCK;

export interface PassPlan {
  readonly size: Bytes;
  /** What is read: allocated cells, or those that changed. */
  readonly cells: Cells;
  /**
   * `first`: nothing of an earlier pass is on the target. `delta`: what is not in `cells` is as it was. `compare`: anything may differ
   * from what is there.
   */
  readonly kind: 'first' | 'delta' | 'compare';
  /** The target reads as zeros where it was never written. */
  readonly blank: boolean;
  readonly journal: Pick<TargetJournal, 'stateOf' | 'hashes' | 'isProven'>;
  /** Told of bytes in blocks that need nothing any more. */
  readonly onDone: (bytes: Bytes) => void;
}

/** Blocks in order, in runs. */
export function* planPass(plan: PassPlan): Generator<PlanItem, undefined> {
  const count = Math.ceil(plan.size / BLOCK);
  let run: BlockPlan[] = [];
  let zeros: ZerosItem | undefined;
  for (let index = 0; index < count; index += 1) {
    const block = planBlock(plan, index);
    if (block === undefined) continue;
    if (block.parts.length === 0) {
      if (zeros !== undefined && (zeros.to < index || index - zeros.from >= ZEROS_AT_ONCE)) {
        yield zeros;
        zeros = undefined;
      }
      zeros = { kind: 'zeros', from: zeros?.from ?? index, to: index + 1 };
      continue;
    }
    run.push(block);
    if (run.length < RUN_BLOCKS) continue;
    yield { kind: 'blocks', blocks: run };
    run = [];
  }
  if (zeros !== undefined) yield zeros;
  if (run.length > 0) yield { kind: 'blocks', blocks: run };
  return undefined;
}

/** Undefined for a block that stays as it is. */
function planBlock({ size, cells, kind, blank, journal, onDone }: PassPlan, index: number): BlockPlan | undefined {
  const state = journal.stateOf(index);
  if (kind === 'delta' && state === 'untouched' && !cells.has(index)) return undefined;
  const parts = cells.partsOf(index);
  const weight = parts.reduce((sum, { length }) => sum + length, 0);
  if (state === 'done') {
    onDone(weight);
    return undefined;
  }
  const block = { index, parts, weight };
  if (state === 'dirty') {
    return { ...block, treatment: 'overwrite', parts: kind === 'delta' ? [wholeBlock(index, size)] : parts };
  }
  if (kind === 'first') {
    if (blank) return weight === 0 ? undefined : { ...block, treatment: 'fresh' };
    return { ...block, treatment: 'overwrite' };
  }
  if (weight === 0 && journal.hashes.isZero(index)) return undefined;
  // What changes as a whole need not be what it was.
  if (kind === 'delta' && weight === wholeBlock(index, size).length) return { ...block, treatment: 'overwrite' };
  const expected = Uint8Array.from(journal.hashes.get(index));
  if (kind === 'compare') return { ...block, treatment: 'compare', expected };
  return { ...block, treatment: 'patch', expected, proven: journal.isProven(index) };
}

export function wholeBlock(index: number, size: Bytes): Extent {
  return { offset: index * BLOCK, length: Math.min(BLOCK, size - index * BLOCK) };
}

/** Of all its blocks. */
export function weightOf({ blocks }: BlocksItem): Bytes {
  return blocks.reduce((sum, { weight }) => sum + weight, 0);
}
