/** Brings the blocks of one run onto the target: read, patched or compared, hashed, written, remembered. */
import type { Extent } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { allEnded } from '../cancellation.ts';
import { BLOCK, type CellHashes } from '../proof/cell-hashes.ts';
import { maskOf } from './cells.ts';
import type { PassContext } from './pass-context.ts';
import { type BlockPlan, type BlocksItem, weightOf, wholeBlock, type ZerosItem } from './plan.ts';
import {
  clearGaps,
  type Hashed,
  hashesOf,
  type InBuffer,
  type Placed,
  packed,
  readParts,
  type SourceReads,
  spread,
} from './read-run.ts';
import { addPieces, type Piece } from './zeros.ts';

/** A block while it is made. */
interface Slot {
  readonly plan: BlockPlan;
  /** All of it, or only its parts, one behind the other. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Of its parts. */
  readonly places: readonly Placed[];
  readonly isPacked: boolean;
  /** Of the block as it is on the target, where it is patched. The rest of it need not be in the buffer. */
  readonly old?: CellHashes;
}

/** A block whose content is known. */
interface Known extends Slot {
  readonly hashed: Hashed;
}

/** @throws MigrationError as the reader and the writer do; `canceled` */
export async function makeBlocks(item: BlocksItem, context: PassContext, source: SourceReads): Promise<void> {
  const { buffers, signal, onBytes } = context;
  using buffer = await buffers.take(signal);
  const slots = await lay(item, buffer.bytes, context);
  await readParts(
    slots.flatMap(({ places }) => places),
    buffer.bytes,
    source,
  );
  const known = await know(slots, context);
  await write(known.filter(isDue), buffer.bytes, context);
  await remember(known, context);
  onBytes(weightOf(item));
}

/** Makes blocks zeros, whatever they held. @throws MigrationError as the writer does */
export async function makeZeros({ from, to }: ZerosItem, { reader, writer, journal, written }: PassContext): Promise<void> {
  const zeros: Extent = { offset: from * BLOCK, length: Math.min(to * BLOCK, reader.size) - from * BLOCK };
  await writer.zero(zeros.offset, zeros.length);
  written?.add(zeros);
  journal.addZeros(from, to);
}

/**
 * Divides the buffer among the blocks, and puts into it what the source is not asked for. A block that is to be patched is read from the target
 * where its cells are not known; one that is not what it was is read from the source as a whole.
 */
async function lay(
  { blocks }: BlocksItem,
  buffer: Uint8Array<SharedArrayBuffer>,
  context: PassContext,
): Promise<readonly Slot[]> {
  const { writer, reader, workers } = context;
  const recalled = await allEnded(blocks.map((plan) => recall(plan, context)));
  const slots: Slot[] = [];
  for (const [place, plan] of blocks.entries()) {
    const last = slots.at(-1)?.bytes;
    const start = last === undefined ? 0 : last.byteOffset + last.length;
    slots.push(slotAt(start, { plan, old: recalled[place] }, { buffer, size: reader.size }));
  }
  for (const { plan, bytes } of slots) if (plan.treatment !== 'patch') clearGaps(plan, bytes);
  const unknown = slots.filter(({ plan, old }) => plan.treatment === 'patch' && old === undefined);
  await allEnded(unknown.map(({ plan, bytes }) => writer.read(plan.index * BLOCK, bytes)));
  const hashed = await hashesOf(unknown.map(inBuffer), workers);
  return slots.map((slot): Slot => {
    const found = hashed[unknown.indexOf(slot)];
    if (found === undefined) return slot;
    return isExpected(slot.plan, found.digest) ? { ...slot, old: found.cells } : asWhole(slot, reader.size);
  });
}

/**
 * Where the cells of a block are known only its parts have a place, next to each other: memory that is touched for the first time costs as much as
 * what is read into it.
 */
function slotAt(
  start: number,
  { plan, old }: { readonly plan: BlockPlan; readonly old: CellHashes | undefined },
  { buffer, size }: { readonly buffer: Uint8Array<SharedArrayBuffer>; readonly size: Bytes },
): Slot {
  const isPacked = old !== undefined;
  const length = isPacked ? plan.parts.reduce((sum, part) => sum + part.length, 0) : wholeBlock(plan.index, size).length;
  const places = isPacked ? packed(plan, start) : spread(plan, start);
  return { plan, bytes: buffer.subarray(start, start + length), places, isPacked, ...(old !== undefined && { old }) };
}

/**
 * Cells of a block that is patched, from an earlier pass. That the block is still on the target is not looked at here: the proof reads what was not
 * read back since it was written.
 */
async function recall({ treatment, index, expected }: BlockPlan, { known }: PassContext): Promise<CellHashes | undefined> {
  return treatment === 'patch' && expected !== undefined ? await known?.recall(index, expected) : undefined;
}

function asWhole(slot: Slot, size: Bytes): Slot {
  const plan: BlockPlan = { ...slot.plan, treatment: 'overwrite', parts: [wholeBlock(slot.plan.index, size)] };
  return { ...slot, plan, places: spread(plan, slot.bytes.byteOffset) };
}

async function know(slots: readonly Slot[], { workers, tags }: PassContext): Promise<readonly Known[]> {
  const hashed = await hashesOf(slots.map(inBuffer), workers, tags?.key);
  return hashed.flatMap((found, place) => {
    const slot = slots[place];
    return slot === undefined ? [] : [{ ...slot, hashed: found }];
  });
}

function inBuffer({ plan, bytes, old, isPacked }: Slot): InBuffer {
  const known = old !== undefined && { known: { ...old, changed: maskOf(plan) } };
  return { index: plan.index, bytes, ...known, ...(isPacked && { packed: true }) };
}

/** Whether the block on the target may differ. */
function isDue({ plan, hashed }: Known): boolean {
  return plan.treatment !== 'compare' || !isExpected(plan, hashed.digest);
}

function isExpected({ expected }: BlockPlan, digest: Uint8Array): boolean {
  return expected !== undefined && Buffer.compare(digest, expected) === 0;
}

async function write(slots: readonly Known[], buffer: Uint8Array<SharedArrayBuffer>, { writer }: PassContext): Promise<void> {
  const pieces: Piece[] = [];
  for (const { plan, bytes, places, hashed } of slots) {
    const whole: Placed = { offset: plan.index * BLOCK, at: bytes.byteOffset, length: bytes.length };
    const cut = { data: hashed.cells.data, keepZeros: plan.treatment !== 'fresh' };
    for (const range of plan.treatment === 'patch' ? places : [whole]) addPieces(pieces, range, cut);
  }
  const all = pieces.map(({ offset, at, length, zero }) =>
    zero ? writer.zero(offset, length) : writer.write(offset, buffer.subarray(at, at + length)),
  );
  await allEnded(all);
}

async function remember(blocks: readonly Known[], { reader, journal, tags, known, written }: PassContext): Promise<void> {
  const digests: { index: number; digest: Uint8Array }[] = [];
  for (const { plan, hashed } of blocks) {
    const { index, treatment, proven, parts } = plan;
    const { digest, cells, tag } = hashed;
    for (const part of treatment === 'patch' && proven ? parts : [wholeBlock(index, reader.size)]) written?.add(part);
    if (tag !== undefined) tags?.set(index, digest, tag);
    await known?.keep?.(index, cells);
    if (cells.data === 0) journal.addZeros(index, index + 1);
    else digests.push({ index, digest });
  }
  journal.add(digests);
}
