/**
 * The seam between the package readers (ova/, ovf/), the image readers (image/) and the VMX reader (vmx/): types only.
 * Whoever reads a package asks `probeImage` what an image is; nobody else looks into image headers.
 */
import type { MigrationError } from '../../src/model/errors.ts';
import type { DiskSource, FileSlice, ImageFormat, ImageLayer } from '../../src/model/transfer.ts';
import type { Bytes, Uuid } from '../../src/model/units.ts';
import type { Disk, DiskFormat, ExtraFact, SourceVm } from '../../src/model/vm.ts';

/** What a look at an image's headers tells. */
export interface ProbedImage {
  /** The image itself, then its parents, nearest first. */
  readonly layers: readonly [ImageLayer, ...ImageLayer[]];
  /** Guest-visible size. */
  readonly capacity: Bytes;
  readonly format: DiskFormat;
  /** Bytes that hold data, where the headers tell. */
  readonly allocated?: Bytes;
  /** File names of the parents, nearest first. */
  readonly parents?: readonly string[];
  readonly passthrough?: NonNullable<Disk['passthrough']>;
  readonly encrypted?: boolean;
  /** Bytes of one logical sector that the guest sees, where the format states it. */
  readonly sectorSize?: number;
  /** UUID that the image itself states. The guest sees it where the VM shows disk serials (vSphere `disk.EnableUUID`). */
  readonly uuid?: Uuid;
  /** Changed block tracking is on for this image. */
  readonly changeTracking?: boolean;
  /** What else the headers say and no field holds: path `image/…`. */
  readonly extras?: readonly ExtraFact[];
  /**
   * Why the bytes cannot be read although the facts can: a differencing VDI, a raw device mapping, encryption.
   * Thrown when the disk is opened, so that a dry run can still describe the VM.
   */
  readonly unreadable?: MigrationError;
}

/** Where an image is. */
export interface ImageLocation {
  /** File or member name, for people and for guessing by extension. */
  readonly name: string;
  /** One slice, or several that follow each other (an OVF file in chunks). */
  readonly slices: readonly [FileSlice, ...FileSlice[]];
  /** The slices are one gzip stream; `inflated` is the size it may have at most. */
  readonly gzip?: { readonly inflated: Bytes };
  /** The only folder that names inside the image may lead to; absent inside an archive. */
  readonly folder?: string;
  /** Members of the same archive by name. */
  readonly siblings?: ReadonlyMap<string, FileSlice>;
  readonly formatHint?: ImageFormat;
}

/** A VM read from files, with the disks' sources by disk key. */
export interface FileVm {
  readonly vm: SourceVm;
  readonly disks: ReadonlyMap<string, DiskSource>;
  /** Disks without a source, and the error to throw when one of them is opened (ProbedImage.unreadable). */
  readonly unreadable?: ReadonlyMap<string, MigrationError>;
}
