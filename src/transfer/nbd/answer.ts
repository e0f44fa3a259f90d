/** What is known of a request while its answer comes in, and what an answer may say. Pure. */
import { MigrationError } from '../../model/errors.ts';
import type { Bytes } from '../../model/units.ts';
import { broken } from './handshake.ts';
import { STATE_ZERO } from './protocol.ts';

/** A run of bytes that all read as zeros, or may hold data. */
export interface AllocationRun {
  readonly offset: Bytes;
  readonly length: Bytes;
  readonly zero: boolean;
}

/** A part of a buffer, `end` exclusive. */
interface Filled {
  readonly at: number;
  end: number;
}

/** More separate parts of one answer than this are refused; honest ones come in order and merge. */
const MAX_PARTS = 4096;

/** A request whose answer has not wholly come. */
export interface Pending {
  readonly offset: number;
  readonly length: number;
  /** Where read data goes; absent for block status. */
  readonly buffer?: Uint8Array;
  /** Parts of `buffer` that were answered for, in the order they came, adjoining ones merged. */
  readonly filled: Filled[];
  runs: readonly AllocationRun[];
  /** Refusal of the server, thrown when the answer is complete. */
  error?: MigrationError;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The part of the request's buffer that an answer fills. No part is filled twice, so that a missing one is found. */
export function claim(pending: Pending, at: number, length: number): Uint8Array {
  const { buffer, filled } = pending;
  const end = at + length;
  if (buffer === undefined || !(at >= 0) || length === 0 || end > pending.length)
    throw broken('data outside of what was asked for');
  if (filled.some((part) => at < part.end && part.at < end) || filled.length >= MAX_PARTS)
    throw broken('data that was given before');
  const last = filled.at(-1);
  if (last?.end === at) last.end = end;
  else filled.push({ at, end });
  return buffer.subarray(at, end);
}

/** Status runs adjoin and start at the request's offset; the last one may reach beyond its end and is cut. */
export function decodeRuns(pending: Pending, data: Buffer): readonly AllocationRun[] {
  const runs: AllocationRun[] = [];
  const end = pending.offset + pending.length;
  let offset = pending.offset;
  for (let at = 0; at + 8 <= data.length && offset < end; at += 8) {
    const length = Math.min(data.readUInt32BE(at), end - offset);
    if (length === 0) throw broken('an empty status run');
    runs.push({ offset, length, zero: (data.readUInt32BE(at + 4) & STATE_ZERO) !== 0 });
    offset += length;
  }
  return runs;
}

/** The server says that it cannot answer. */
export function refusal(pending: Pending, code: number, text: string): MigrationError {
  const said = text === '' ? '' : `: ${text.slice(0, 200)}`;
  return new MigrationError(
    'source-read-failed',
    `The disk cannot be read at byte ${pending.offset} (NBD error ${code}${said}).`,
  );
}
