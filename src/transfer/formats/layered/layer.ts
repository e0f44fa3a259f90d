/**
 * Images that keep a disk in blocks and may stand on a parent: VHDX and VHD. A format (../vhdx, ../vhd) turns an image's bytes into a
 * `BlockLayer`, which only says where each byte of the disk is; `transports/file/chain-reader.ts` reads through a chain of them.
 *
 *   StoredBytes ─► open<Format>: checks headers and tables ─► BlockLayer.stretches ─► chain reader
 *
 * Nothing here opens a file, looks a parent up by a name, or keeps more of an image in memory than a few pages of its tables.
 */
import type { Bytes } from '../../../model/units.ts';

/** The bytes of one image as they are stored, or as they will be when its log has been replayed. */
export interface StoredBytes {
  readonly size: Bytes;
  /**
   * Fills `into` with the bytes from `at` on. Where they come from a server, the signal ends the wait for them.
   * @throws MigrationError `image-truncated` for what lies beyond the end; `source-read-failed`; `canceled`
   */
  fill(at: Bytes, into: Uint8Array, signal?: AbortSignal): Promise<void>;
}

/** Where bytes of the disk are: in this image's file from `at` on; nowhere, because they are zeros; or in the layer below. */
export interface Stretch {
  readonly kind: 'data' | 'zeros' | 'below';
  readonly offset: Bytes;
  readonly length: Bytes;
  /** Place in the file; counts for data only. */
  readonly at: Bytes;
}

/** Stretches that follow each other without gaps, as far as one look goes. */
export interface Look {
  readonly stretches: readonly Stretch[];
  /** Where the last one ends. */
  readonly end: Bytes;
}

export interface BlockLayer {
  /** Guest-visible size. What lies beyond it is zeros, whatever layers below say. */
  readonly capacity: Bytes;
  /** By this a child recognises it; in lower case. */
  readonly identity: string;
  /** Identities that its parent may have. Absent for an image that needs none. */
  readonly parent?: readonly string[];
  readonly bytes: StoredBytes;
  /** The file holds the disk byte for byte from its beginning on. */
  readonly flat: boolean;
  /**
   * What is from `offset` on, up to `end` or a part of it that is not empty: a few thousand stretches at most.
   * @param exact false: a cell of 64 KiB of which a part is here may be given as data wholly
   * @throws MigrationError `image-malformed`, `source-read-failed`
   */
  look(offset: Bytes, end: Bytes, exact: boolean): Promise<Look>;
}
