/** What the reader of one format says about one image file. Chains are put together in `chain.ts`. */
import type { MigrationError } from '../../../src/model/errors.ts';
import type { ImageFormat, ImageLayer } from '../../../src/model/transfer.ts';
import type { Bytes } from '../../../src/model/units.ts';
import type { ProbedImage } from '../seam.ts';

export interface Inspected extends Omit<ProbedImage, 'layers' | 'parents'> {
  readonly layer: ImageLayer;
  /** Bytes that hold data in this image alone. */
  readonly allocated?: Bytes;
  /** Value by which a child recognises this image: VMDK CID, VHD UUID, VHDX data write GUID. */
  readonly identity?: string;
  readonly parent?: ParentReference;
  readonly unreadable?: MigrationError;
}

export interface ParentReference {
  /** File names as written, best first. */
  readonly names: readonly string[];
  /** One of these is the parent's `identity`, where the format says. */
  readonly identities?: readonly string[];
  /** The parent's format, where the child states it: then the parent's content is not asked. */
  readonly format?: ImageFormat;
}
