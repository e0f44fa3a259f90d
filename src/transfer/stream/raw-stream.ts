/** A raw image that comes as a stream, in the form that copyGrains takes: grains of one block that stand as they are. */
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, formatApart, formatBytes } from '../../model/units.ts';
import { SECTOR } from '../formats/vmdk/descriptor.ts';
import type { StoredGrain, StoredGrains } from '../formats/vmdk/stored-grains.ts';
import { BLOCK } from '../proof/cell-hashes.ts';
import type { ByteReader } from './byte-reader.ts';

export class RawStream implements StoredGrains {
  readonly header: StoredGrains['header'];
  readonly #reader: ByteReader;
  /** Bytes of the grain that was given out last and not loaded. */
  #rest: Bytes = 0;

  /** @param capacity guest-visible size, which the image has to reach */
  constructor(reader: ByteReader, capacity: Bytes) {
    this.header = { grainBytes: BLOCK, stream: false, capacity };
    this.#reader = reader;
  }

  /** @throws MigrationError `gzip-malformed` when it is too short, `capacity-smaller-than-image` when it is too long */
  async *grains(): AsyncGenerator<StoredGrain, undefined> {
    const { capacity } = this.header;
    for (let offset = 0; offset < capacity; offset += BLOCK) {
      const length = Math.min(BLOCK, capacity - offset);
      this.#rest = length;
      yield { offset, length, stored: length };
      if (!(await this.#reader.skip(this.#rest))) throw this.#short();
    }
    // Writers round up to whole sectors; anything beyond that would be lost.
    if ((await this.#reader.fill(new Uint8Array(SECTOR))) < SECTOR) return undefined;
    const text = `The image holds data beyond the disk's ${formatBytes(capacity)}.`;
    throw new MigrationError('capacity-smaller-than-image', text);
  }

  async load(into: Uint8Array): Promise<void> {
    if ((await this.#reader.fill(into.subarray(0, this.#rest))) < this.#rest) throw this.#short();
    this.#rest = 0;
  }

  #short(): MigrationError {
    const [held, whole] = formatApart(this.#reader.position, this.header.capacity);
    return new MigrationError('gzip-malformed', `The compressed image holds ${held}; the disk has ${whole}.`);
  }
}
