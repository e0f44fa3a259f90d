/** Content cut into blocks, as the writers take it. */
import type { PlannedBlock } from './vhdx-writer.ts';

/** All blocks that are not zeros; the last one may be shorter. */
export function blocksOf(content: Buffer, blockSize: number): ReadonlyMap<number, PlannedBlock> {
  const blocks = new Map<number, PlannedBlock>();
  for (let number = 0; number * blockSize < content.length; number += 1) {
    const block = content.subarray(number * blockSize, (number + 1) * blockSize);
    if (block.some((byte) => byte !== 0)) blocks.set(number, { content: block });
  }
  return blocks;
}

/** A child of `base` that reads as `content`: sectors that differ are in it, every `whole`th such block wholly. */
export function changedBlocks(base: Buffer, content: Buffer, options: ChildOptions): ReadonlyMap<number, PlannedBlock> {
  const { blockSize, sector = 512, whole = Number.POSITIVE_INFINITY } = options;
  const blocks = new Map<number, PlannedBlock>();
  for (let number = 0; number * blockSize < content.length; number += 1) {
    const block = content.subarray(number * blockSize, (number + 1) * blockSize);
    const below = base.subarray(number * blockSize, (number + 1) * blockSize);
    if (block.equals(below)) continue;
    if (number % whole === 0) {
      blocks.set(number, { content: block });
      continue;
    }
    const differs = (index: number): boolean => {
      const part = block.subarray(index * sector, (index + 1) * sector);
      return part.length > 0 && !part.equals(below.subarray(index * sector, (index + 1) * sector));
    };
    const isChanged = (index: number): boolean => {
      if (options.wholeBytes !== true) return differs(index);
      const first = index - (index % 8);
      return [0, 1, 2, 3, 4, 5, 6, 7].some((bit) => differs(first + bit));
    };
    // What is not present holds rubbish: nobody may read it.
    const stored = Buffer.alloc(blockSize, 0xdb);
    for (let index = 0; index * sector < block.length; index += 1) {
      if (isChanged(index)) block.copy(stored, index * sector, index * sector, (index + 1) * sector);
    }
    blocks.set(number, { content: stored, sectors: isChanged });
  }
  return blocks;
}

export interface ChildOptions {
  readonly blockSize: number;
  readonly sector?: 512 | 4096;
  readonly whole?: number;
  /** A sector that is present makes all of its byte of the bitmap present. */
  readonly wholeBytes?: boolean;
}
