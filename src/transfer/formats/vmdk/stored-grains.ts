/** What a stream of an image gives, before anything is inflated. Types only. */
import type { Bytes } from '../../../model/units.ts';
import type { SparseHeader } from './header.ts';

/** A grain that stands next in the stream. */
export interface StoredGrain {
  /** Its first byte on the disk. */
  readonly offset: Bytes;
  /** Bytes of the disk; less than a grain at the disk's end. */
  readonly length: Bytes;
  /** Bytes as it is stored: with its marker and padding where it is deflated. */
  readonly stored: Bytes;
}

/** An image that was read up to its first grain. */
export interface StoredGrains {
  readonly header: Pick<SparseHeader, 'grainBytes' | 'stream' | 'capacity'>;
  /** Grains as they come, each inside the disk and no more than once. One that was not loaded is passed over. */
  grains(): AsyncGenerator<StoredGrain, undefined>;
  /** Puts the grain that was given out last, as it is stored, to the start of `into`. Once for each grain. */
  load(into: Uint8Array): Promise<void>;
}
