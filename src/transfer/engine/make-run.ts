/** Brings the blocks of one run onto the target: read, patched or compared, hashed, written, remembered. */
import type { Extent } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { allEnded } from '../cancellation.ts';
import { BLOCK } from '../proof/block-hashes.ts';
import type { PassContext } from './pass-context.ts';
import { type BlockPlan, type BlocksItem, weightOf, wholeBlock, type ZerosItem } from './plan.ts';
import { digestsOf, type InBuffer, readParts, type SourceReads, slotOf } from './read-run.ts';
import { addPieces, isZero, type Piece } from './zeros.ts';

/** A block while it is made. */
interface Slot {
  readonly plan: BlockPlan;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** A block whose content is known. */
interface Known extends Slot {
  /** Undefined for zeros. */
  readonly digest: Uint8Array | undefined;
}

/** @throws MigrationError as the reader and the writer do; `canceled` */
export async function makeBlocks(item: BlocksItem, context: PassContext, source: SourceReads): Promise<void> {
  const { reader, journal, buffers, signal, onBytes } = context;
  using buffer = await buffers.take(signal);
  const planned = item.blocks.map((plan, place): Slot => {
    return { plan, bytes: slotOf(buffer.bytes, place, wholeBlock(plan.index, reader.size).length) };
  });
  const slots = await lay(planned, context);
  const plans = slots.map(({ plan }) => plan);
  await readParts(plans, buffer.bytes, source);
  const known = await know(slots, context);
  await write(known.filter(isDue), buffer.bytes, context);
  remember(known, journal);
  onBytes(weightOf(item));
}

/** Makes blocks zeros, whatever they held. @throws MigrationError as the writer does */
export async function makeZeros({ from, to }: ZerosItem, { reader, writer, journal }: PassContext): Promise<void> {
  const end = Math.min(to * BLOCK, reader.size);
  await writer.zero(from * BLOCK, end - from * BLOCK);
  journal.addZeros(from, to);
}

/** Puts into the slots what the source is not asked for. A block that is to be patched and is not what it was is read as a whole. */
async function lay(slots: readonly Slot[], { writer, reader, workers }: PassContext): Promise<readonly Slot[]> {
  const patched = slots.filter(({ plan }) => plan.treatment === 'patch');
  for (const { plan, bytes } of slots) if (plan.treatment !== 'patch' && plan.weight < bytes.length) bytes.fill(0);
  await allEnded(patched.map(({ plan, bytes }) => writer.read(plan.index * BLOCK, bytes)));
  const digests = await digestsOf(patched.map(inBuffer), workers);
  const spoiled = patched.filter(({ plan }, at) => !isExpected(plan, digests[at]));
  return slots.map((slot) => (spoiled.includes(slot) ? { ...slot, plan: asWhole(slot.plan, reader.size) } : slot));
}

function asWhole(plan: BlockPlan, size: Bytes): BlockPlan {
  return { ...plan, treatment: 'overwrite', parts: [wholeBlock(plan.index, size)] };
}

async function know(slots: readonly Slot[], { workers }: PassContext): Promise<readonly Known[]> {
  const data = slots.filter(({ bytes }) => !isZero(bytes));
  const digests = await digestsOf(data.map(inBuffer), workers);
  return slots.map((slot) => ({ ...slot, digest: digests[data.indexOf(slot)] }));
}

function inBuffer({ plan, bytes }: Slot): InBuffer {
  return { index: plan.index, bytes };
}

/** Whether the block on the target may differ. */
function isDue({ plan, digest }: Known): boolean {
  return plan.treatment !== 'compare' || !isExpected(plan, digest);
}

function isExpected({ expected }: BlockPlan, digest: Uint8Array | undefined): boolean {
  return expected !== undefined && digest !== undefined && Buffer.compare(digest, expected) === 0;
}

async function write(slots: readonly Slot[], buffer: Uint8Array<SharedArrayBuffer>, { writer }: PassContext): Promise<void> {
  const pieces: Piece[] = [];
  for (const { plan, bytes } of slots) {
    const start = bytes.byteOffset - buffer.byteOffset;
    const whole: readonly Extent[] = [{ offset: plan.index * BLOCK, length: bytes.length }];
    for (const { offset, length } of plan.treatment === 'patch' ? plan.parts : whole) {
      const range = { offset, at: start + offset - plan.index * BLOCK, length };
      addPieces(pieces, buffer, range, { keepZeros: plan.treatment !== 'fresh' });
    }
  }
  for (const { offset, at, length, zero } of pieces) {
    if (zero) await writer.zero(offset, length);
    else await writer.write(offset, buffer.subarray(at, at + length));
  }
}

function remember(known: readonly Known[], journal: PassContext['journal']): void {
  const digests: { index: number; digest: Uint8Array }[] = [];
  for (const { plan, digest } of known) {
    if (digest === undefined) journal.addZeros(plan.index, plan.index + 1);
    else digests.push({ index: plan.index, digest });
  }
  journal.add(digests);
}
