/**
 * Reads a sparse VMDK, streamOptimized above all, from its first byte to its last without seeking, and inflates nothing. Nothing is believed
 * of one place that another place contradicts: each grain comes once and lies inside the disk, and the grain tables list as many
 * grains as were seen. Bytes in, stored grains out.
 */
import { MigrationError } from '../../../model/errors.ts';
import { type Bytes, formatApart, MiB } from '../../../model/units.ts';
import { Bits } from '../../journal/bits.ts';
import type { ByteReader } from '../../stream/byte-reader.ts';
import { SECTOR } from './descriptor.ts';
import { GRAIN_MARKER_BYTES, maxDeflated, parseHeader, parseMarker, type SparseHeader } from './header.ts';
import type { StoredGrain, StoredGrains } from './stored-grains.ts';

/** What tables in front of the grains list. Held are 12 bytes for each: 48 MiB for the largest tables that are read. */
interface GrainList {
  /** Numbers of grains, counted from the disk's start. */
  readonly grains: Uint32Array;
  /** Of each, its sector in the image. */
  readonly sectors: Uint32Array;
}

/** Header, descriptor and tables that are read into memory: enough for the tables of 256 GiB. */
const MAX_FRONT_BYTES = 16 * MiB;
const SKIP_BYTES = 64 * 1024;

export class GrainStream implements StoredGrains {
  readonly header: SparseHeader;
  readonly #reader: ByteReader;
  /** Where the tables in front say that grains are; undefined when the tables come later. */
  readonly #listed: GrainList | undefined;
  readonly #seen: Bits;
  readonly #sector: Buffer;
  /** Bytes of the grain that was given out last and not loaded: those in `#sector`, and those still in the stream. */
  #head: Bytes = 0;
  #rest: Bytes = 0;

  private constructor(reader: ByteReader, header: SparseHeader, sector: Buffer, listed: GrainList | undefined) {
    this.header = header;
    this.#reader = reader;
    this.#sector = sector;
    this.#listed = listed;
    this.#seen = new Bits(Math.ceil(header.capacity / header.grainBytes));
  }

  /**
   * Reads up to the first grain.
   * @param limit the largest disk that the image may hold
   * @throws MigrationError `capacity-smaller-than-image`, `image-malformed`, `image-truncated`, `image-unsupported`; whatever `reader` throws
   */
  static async open(reader: ByteReader, limit: Bytes): Promise<GrainStream> {
    const sector = Buffer.alloc(SECTOR);
    if ((await reader.fill(sector)) < SECTOR) throw truncated(reader);
    const header = parseHeader(sector);
    if (header.capacity > limit) {
      const [held, most] = formatApart(header.capacity, limit);
      throw new MigrationError('capacity-smaller-than-image', `The image holds ${held}, the disk only ${most}.`);
    }
    const listed = await readFrontTables(reader, sector, header);
    if (!header.stream && listed === undefined) throw needsSeeking();
    return new GrainStream(reader, header, sector, listed);
  }

  /**
   * Grains in the order of the image. Holes are passed over, and so is a grain that was not loaded before the next one is asked for.
   * @throws as `open`
   */
  async *grains(): AsyncGenerator<StoredGrain, undefined> {
    if (this.header.stream) yield* this.#marked();
    else if (this.#listed !== undefined) yield* this.#plain(this.#listed);
    // What follows is padding; reading it lets the layers below check their own ends.
    while (await this.#reader.skip(SKIP_BYTES));
    return undefined;
  }

  async load(into: Uint8Array): Promise<void> {
    into.set(this.#sector.subarray(0, this.#head));
    const rest = into.subarray(this.#head, this.#head + this.#rest);
    if ((await this.#reader.fill(rest)) < this.#rest) throw truncated(this.#reader);
    this.#rest = 0;
  }

  /** Deflated grains, each led by a marker. Writers that put tables in front set no end marker. */
  async *#marked(): AsyncGenerator<StoredGrain, undefined> {
    const listed = this.#listed?.grains.length;
    let promised = listed ?? 0;
    for (;;) {
      const filled = await this.#reader.fill(this.#sector);
      if (filled === 0 && listed === this.#seen.count) break;
      if (filled < SECTOR) throw truncated(this.#reader);
      const marker = parseMarker(this.#sector);
      if (marker.kind === 'end') break;
      if (marker.kind === 'grain') {
        if (marker.size > maxDeflated(this.header.grainBytes)) throw malformed('a grain is larger than any that deflate makes');
        const stored = Math.ceil((GRAIN_MARKER_BYTES + marker.size) / SECTOR) * SECTOR;
        yield* this.#give(marker.offset, stored, SECTOR);
      } else if (marker.kind === 'table') promised += await this.#countTable(marker.length);
      else if (!(await this.#reader.skip(marker.length))) throw truncated(this.#reader);
    }
    if (promised !== this.#seen.count) throw malformed(`its tables list ${promised} grains, but it holds ${this.#seen.count}`);
    return undefined;
  }

  /** Grains as they are, found through the tables in front of them. */
  async *#plain({ grains, sectors }: GrainList): AsyncGenerator<StoredGrain, undefined> {
    const { grainBytes, capacity } = this.header;
    const inImageOrder = Uint32Array.from(grains.keys()).sort((a, b) => (sectors[a] ?? 0) - (sectors[b] ?? 0));
    for (const place of inImageOrder) {
      const at = (sectors[place] ?? 0) * SECTOR;
      const offset = (grains[place] ?? 0) * grainBytes;
      if (at < this.#reader.position) throw malformed('two grains lie in one place');
      if (!(await this.#reader.skip(at - this.#reader.position))) throw truncated(this.#reader);
      yield* this.#give(offset, Math.min(grainBytes, capacity - offset), 0);
    }
    return undefined;
  }

  /** @param head bytes of it that are in `#sector` */
  async *#give(offset: Bytes, stored: Bytes, head: Bytes): AsyncGenerator<StoredGrain, undefined> {
    const { grainBytes, capacity } = this.header;
    if (offset % grainBytes !== 0 || offset >= capacity) throw malformed('a grain lies outside of the disk');
    const grain = offset / grainBytes;
    if (this.#seen.has(grain)) throw malformed('a grain comes twice');
    this.#seen.put(grain, true);
    this.#head = head;
    this.#rest = stored - head;
    yield { offset, length: Math.min(grainBytes, capacity - offset), stored };
    if (!(await this.#reader.skip(this.#rest))) throw truncated(this.#reader);
    return undefined;
  }

  /** Entries of a grain table that name a grain: 0 is a hole, 1 a grain of zeros. */
  async #countTable(length: Bytes): Promise<number> {
    let count = 0;
    for (let left = length; left > 0; left -= SECTOR) {
      if ((await this.#reader.fill(this.#sector)) < SECTOR) throw truncated(this.#reader);
      for (let at = 0; at < SECTOR; at += 4) if (this.#sector.readUInt32LE(at) > 1) count += 1;
    }
    return count;
  }
}

/**
 * Tables stand before the first grain in plain sparse images, and in streamOptimized ones of writers that do not stream (qemu);
 * undefined when they come later.
 */
async function readFrontTables(reader: ByteReader, start: Buffer, header: SparseHeader): Promise<GrainList | undefined> {
  if (header.overhead > MAX_FRONT_BYTES) throw needsSeeking();
  const rest = await reader.take(header.overhead - SECTOR);
  if (rest === undefined) throw truncated(reader);
  if (header.directory === undefined || header.directory >= header.overhead) return undefined;
  const front = Buffer.concat([start, rest]);
  const word = (at: number): number => {
    if (at + 4 > front.length) throw needsSeeking();
    return front.readUInt32LE(at);
  };
  const count = Math.ceil(header.capacity / header.grainBytes);
  const most = Math.floor(front.length / 4);
  const [grains, sectors] = [new Uint32Array(most), new Uint32Array(most)];
  let listed = 0;
  let entries = 0;
  for (let first = 0; first < count; first += header.tableEntries) {
    const table = word(header.directory + (first / header.tableEntries) * 4) * SECTOR;
    if (table === 0) continue;
    entries += Math.min(header.tableEntries, count - first);
    // Each table has a place of its own: a directory that names one again and again would keep us busy for long.
    if (entries > most) throw malformed('its tables lie over one another');
    for (let grain = first; grain < Math.min(first + header.tableEntries, count); grain += 1) {
      const sector = word(table + (grain - first) * 4);
      if (sector <= 1) continue;
      grains[listed] = grain;
      sectors[listed] = sector;
      listed += 1;
    }
  }
  return { grains: grains.subarray(0, listed), sectors: sectors.subarray(0, listed) };
}

function malformed(what: string): MigrationError {
  return new MigrationError('image-malformed', `The VMDK is damaged: ${what}.`);
}

function needsSeeking(): MigrationError {
  return new MigrationError('image-unsupported', 'A compressed file holds a VMDK that cannot be read as a stream.', {
    hint: 'Decompress it with gunzip first.',
  });
}

function truncated({ position }: ByteReader): MigrationError {
  return new MigrationError('image-truncated', `The VMDK ends too early, at byte ${position} of its stream.`);
}
