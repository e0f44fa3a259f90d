/**
 * Reads a sparse VMDK, streamOptimized above all, from its first byte to its last without seeking. Nothing is believed of one place that another
 * place contradicts: each grain comes once, lies inside the disk and inflates to a whole grain, and the grain tables list as
 * many grains as were seen. Pure: bytes in, pieces of the disk out.
 */
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { MigrationError } from '../../../model/errors.ts';
import { type Bytes, formatBytes, MiB } from '../../../model/units.ts';
import type { ByteReader } from '../../stream/byte-reader.ts';
import { SECTOR } from './descriptor.ts';
import { GRAIN_MARKER_BYTES, maxDeflated, parseHeader, parseMarker, type SparseHeader } from './header.ts';

const inflateAsync = promisify(inflate);

/** Bytes of the disk at an offset. */
export interface DiskPiece {
  readonly offset: Bytes;
  readonly bytes: Uint8Array;
}

/** A grain (counted from the disk's start) and its byte in the image. */
interface GrainPlace {
  readonly grain: number;
  readonly at: Bytes;
}

/** Header, descriptor and tables that are read into memory: enough for the tables of 256 GiB. */
const MAX_FRONT_BYTES = 16 * MiB;

/**
 * Pieces come in the order of the image. Holes are passed over.
 * @param limit the largest disk that the image may hold
 * @throws MigrationError `capacity-smaller-than-image`, `image-malformed`, `image-truncated`, `image-unsupported`; whatever `reader` throws
 */
export async function* decodeVmdkStream(reader: ByteReader, limit: Bytes): AsyncGenerator<DiskPiece> {
  const start = (await reader.take(SECTOR)) ?? Buffer.alloc(0);
  const header = parseHeader(start);
  if (header.capacity > limit) {
    const sizes = `${formatBytes(header.capacity)}, the disk only ${formatBytes(limit)}`;
    throw new MigrationError('capacity-smaller-than-image', `The image holds ${sizes}.`);
  }
  const grains = await readFrontTables(reader, start, header);
  if (header.stream) yield* decodeMarked(reader, header, grains?.length);
  else if (grains !== undefined) yield* decodePlain(reader, header, grains);
  else throw needsSeeking();
  // What follows is padding; reading it lets the layers below check their own ends.
  while (await reader.skip(64 * 1024));
}

/** Deflated grains, each led by a marker. `listed` counts the grains of tables in front; their writers set no end marker. */
async function* decodeMarked(reader: ByteReader, header: SparseHeader, listed: number | undefined): AsyncGenerator<DiskPiece> {
  const seen = new GrainSet(header);
  let promised = listed ?? 0;
  for (;;) {
    const sector = await reader.take(SECTOR);
    if (sector === undefined && listed === seen.count) break;
    if (sector === undefined) throw truncated();
    const marker = parseMarker(sector);
    if (marker.kind === 'end') break;
    if (marker.kind === 'grain') {
      seen.add(marker.offset);
      const length = Math.min(header.grainBytes, header.capacity - marker.offset);
      yield { offset: marker.offset, bytes: await readGrain(reader, sector, { size: marker.size, header, length }) };
    } else if (marker.kind === 'table') promised += await countTable(reader, marker.length);
    else if (!(await reader.skip(marker.length))) throw truncated();
  }
  if (promised !== seen.count) throw malformed(`its tables list ${promised} grains, but it holds ${seen.count}`);
}

/** Grains as they are, found through the tables in front of them. */
async function* decodePlain(reader: ByteReader, header: SparseHeader, grains: readonly GrainPlace[]): AsyncGenerator<DiskPiece> {
  for (const { grain, at } of grains.toSorted((a, b) => a.at - b.at)) {
    const offset = grain * header.grainBytes;
    if (at < reader.position) throw malformed('two grains lie in one place');
    if (!(await reader.skip(at - reader.position))) throw truncated();
    const bytes = await reader.take(Math.min(header.grainBytes, header.capacity - offset));
    if (bytes === undefined) throw truncated();
    yield { offset, bytes };
  }
}

/**
 * Reads up to the first grain. Tables stand there in plain sparse images, and in streamOptimized ones of writers that do not
 * stream (qemu); undefined when they come later.
 */
async function readFrontTables(
  reader: ByteReader,
  start: Buffer,
  header: SparseHeader,
): Promise<readonly GrainPlace[] | undefined> {
  if (header.overhead > MAX_FRONT_BYTES) throw needsSeeking();
  const rest = await reader.take(header.overhead - SECTOR);
  if (rest === undefined) throw truncated();
  if (header.directory === undefined || header.directory >= header.overhead) return undefined;
  const front = Buffer.concat([start, rest]);
  const word = (at: number): number => {
    if (at + 4 > front.length) throw needsSeeking();
    return front.readUInt32LE(at);
  };
  const grains: GrainPlace[] = [];
  const count = Math.ceil(header.capacity / header.grainBytes);
  for (let first = 0; first < count; first += header.tableEntries) {
    const table = word(header.directory + (first / header.tableEntries) * 4) * SECTOR;
    for (let grain = first; table > 0 && grain < Math.min(first + header.tableEntries, count); grain += 1) {
      const sector = word(table + (grain - first) * 4);
      if (sector > 1) grains.push({ grain, at: sector * SECTOR });
    }
  }
  return grains;
}

/** Inflates the grain whose marker and first bytes are in `sector`; returns `length` bytes of it. */
async function readGrain(
  reader: ByteReader,
  sector: Buffer,
  grain: { readonly size: Bytes; readonly length: Bytes; readonly header: SparseHeader },
): Promise<Uint8Array> {
  const { size, length, header } = grain;
  if (size > maxDeflated(header.grainBytes)) throw malformed('a grain is larger than any that deflate makes');
  const total = Math.ceil((GRAIN_MARKER_BYTES + size) / SECTOR) * SECTOR;
  const rest = await reader.take(total - SECTOR);
  if (rest === undefined) throw truncated();
  const deflated = Buffer.concat([sector, rest]).subarray(GRAIN_MARKER_BYTES, GRAIN_MARKER_BYTES + size);
  const inflated = await inflateAsync(deflated, { maxOutputLength: header.grainBytes }).catch((cause: unknown) => {
    throw malformed('a grain cannot be inflated', cause);
  });
  // The last grain may be cut at the disk's end.
  if (inflated.length < length) throw malformed('a grain is too short');
  return inflated.subarray(0, length);
}

/** Entries of a grain table that name a grain: 0 is a hole, 1 a grain of zeros. */
async function countTable(reader: ByteReader, length: Bytes): Promise<number> {
  let count = 0;
  for (let left = length; left > 0; left -= SECTOR) {
    const sector = await reader.take(SECTOR);
    if (sector === undefined) throw truncated();
    for (let at = 0; at < SECTOR; at += 4) if (sector.readUInt32LE(at) > 1) count += 1;
  }
  return count;
}

/** Which grains were seen: a bit each, 2 MiB for a disk of 1 TiB. */
class GrainSet {
  count = 0;
  readonly #header: SparseHeader;
  readonly #bits: Uint8Array;

  constructor(header: SparseHeader) {
    this.#header = header;
    this.#bits = new Uint8Array(Math.ceil(header.capacity / header.grainBytes / 8));
  }

  add(offset: Bytes): void {
    if (offset % this.#header.grainBytes !== 0 || offset >= this.#header.capacity)
      throw malformed('a grain lies outside of the disk');
    const grain = offset / this.#header.grainBytes;
    const byte = this.#bits[grain >> 3] ?? 0;
    const bit = 1 << (grain & 7);
    if ((byte & bit) !== 0) throw malformed('a grain comes twice');
    this.#bits[grain >> 3] = byte | bit;
    this.count += 1;
  }
}

function malformed(what: string, cause?: unknown): MigrationError {
  return new MigrationError('image-malformed', `The VMDK is damaged: ${what}.`, { cause });
}

function needsSeeking(): MigrationError {
  return new MigrationError('image-unsupported', 'A compressed file holds a VMDK that cannot be read as a stream.', {
    hint: 'Decompress it with gunzip first.',
  });
}

function truncated(): MigrationError {
  return new MigrationError('image-truncated', 'The VMDK ends too early.');
}
