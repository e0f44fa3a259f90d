/**
 * What has to be moved and what was moved. Plain data: a plan, a worker Job and a test can carry it.
 * Secrets travel beside a DiskSource, never in it.
 */
import type { Bytes } from './units.ts';
import type { VmRef } from './vm.ts';

/** A run of bytes. `offset` and `length` are bytes; length > 0. */
export interface Extent {
  readonly offset: Bytes;
  readonly length: Bytes;
}

/** Contiguous bytes of a local file. */
export interface FileSlice {
  /** Absolute path of a regular file. */
  readonly path: string;
  readonly offset: Bytes;
  readonly length: Bytes;
}

/** Image formats that a local file can have. `vmdk` covers every VMDK with a header or a descriptor; flat extents are reached through theirs. */
export type ImageFormat = 'raw' | 'vmdk' | 'vhd' | 'vhdx' | 'qcow2' | 'vdi';

/** One image: where its bytes are and how to read them. */
export interface ImageLayer {
  readonly format: ImageFormat;
  /** One slice, or several that follow each other (an OVF file in chunks). A whole file is the slice from 0 to its length. */
  readonly slices: readonly FileSlice[];
  /** The slices' bytes are compressed as one gzip stream; `inflated` is the size it may have at most. */
  readonly gzip?: { readonly inflated: Bytes };
  /** Further files that the image itself names (VMDK extents): absolute paths, checked by the provider to be inside its folder. */
  readonly extents?: readonly string[];
}

/** What a file should hold, as a manifest that came with it says. */
export interface FileDigest {
  /** As the manifest names it. */
  readonly name: string;
  /** All of its bytes: a whole file, or a member of an archive. */
  readonly slice: FileSlice;
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  /** Lower-case hexadecimal. */
  readonly hex: string;
}

/** A disk that consists of local image files. */
export interface ImageSource {
  readonly kind: 'image';
  /** The image that the guest writes first, then its parents, nearest first. Every layer is named here; none is looked up by name later. */
  readonly layers: readonly [ImageLayer, ...ImageLayer[]];
  /** Of the files of all layers, those that a manifest promises something about. They are held to it while the disk is copied. */
  readonly digests?: readonly FileDigest[];
  /** Guest-visible size. */
  readonly capacity: Bytes;
}

/**
 * A disk without bytes: every block reads as zero (an OVF disk without a file). Nothing is read; the target is a
 * sparse file of `capacity` bytes, and its proof is that it holds zeros only.
 */
export interface BlankSource {
  readonly kind: 'blank';
  /** Guest-visible size. */
  readonly capacity: Bytes;
}

/** A disk whose source keeps account of its blocks (CBT, RCT): allocated and changed extents are asked for with this. */
export interface TrackedDisk {
  readonly vm: VmRef;
  readonly disk: string;
  /** `SourceSnapshot.id`; absent for a VM that is off. */
  readonly snapshot?: string;
}

/**
 * A disk whose raw bytes a server hands out in ranges (vSphere datastore files over HTTPS). The file is at rest: its VM is off, or a
 * snapshot moved the writing elsewhere. It was probed: one range was asked for and came with the right total length.
 */
export interface RangeSource {
  readonly kind: 'range';
  /** `https://…`, without credentials. */
  readonly url: string;
  /** Guest-visible size, which is also the length of the file. */
  readonly capacity: Bytes;
  /** What tells that the file is still the same, as the server said it when it was probed (`ETag`, else `Last-Modified`). */
  readonly mark?: string;
  /** Absent: nobody knows what is allocated, everything is read. */
  readonly tracking?: TrackedDisk;
  /** Why this way was chosen, for the report: words that follow a colon. */
  readonly because: string;
}

/**
 * A disk that a server exports as a stream (vSphere HttpNfcLease): from the beginning to the end, as streamOptimized VMDK. The lease
 * itself is taken when the reading starts, because it ends by itself within minutes.
 */
export interface LeaseSource {
  readonly kind: 'lease';
  /** `https://host:port` of the server that grants it. */
  readonly server: string;
  /** What is exported: a VM that is off, or a snapshot of a running one. */
  readonly of: { readonly type: 'VirtualMachine' | 'VirtualMachineSnapshot'; readonly id: string };
  /** Which of its disks, by the server's own key. */
  readonly deviceKey: number;
  /** Guest-visible size. */
  readonly capacity: Bytes;
  /** What tells that the disk of a VM that is off is still the same (its change id). Without it only copies of snapshots are resumed. */
  readonly mark?: string;
  /** Why this way was chosen, for the report: words that follow a colon. */
  readonly because: string;
}

/**
 * A disk that VMware's VDDK, or a library with the same functions, reads: through nbdkit's vddk plugin. The library itself is the
 * user's and is named where the bytes are moved, not here.
 */
export interface VddkSource {
  readonly kind: 'vddk';
  /** Host name or address of vCenter or ESXi, without a port. */
  readonly server: string;
  /** TCP port of its API. */
  readonly port: number;
  /** Thumbprint of the server's certificate, as VDDK wants it: SHA-1, hexadecimal with colons. */
  readonly thumbprint: string;
  /** Managed object id of the VM. */
  readonly vm: string;
  /** Managed object id of the snapshot that freezes the disk; absent for a VM that is off. */
  readonly snapshot?: string;
  /** `[datastore] folder/disk.vmdk` */
  readonly file: string;
  /** Guest-visible size. */
  readonly capacity: Bytes;
  /** What tells that the disk of a VM that is off is still the same (its change id). Without it and without a snapshot no copy is resumed. */
  readonly mark?: string;
  readonly tracking?: TrackedDisk;
  /** Why this way was chosen, for the report: words that follow a colon. */
  readonly because: string;
}

/** A file on an SMB share. */
export interface SmbFile {
  readonly kind: 'smb';
  /** Host name or address. */
  readonly server: string;
  /** TCP port; 445 when absent. */
  readonly port?: number;
  readonly share: string;
  /** Below the share, parts separated by `/`, none of them `.` or `..`. */
  readonly path: string;
}

/** A file on a share that is mounted where the bytes are moved. */
export interface MountedFile {
  readonly kind: 'mounted';
  /** Absolute path. */
  readonly path: string;
}

/** One image of a shared chain. */
export interface SharedLayer {
  readonly format: 'vhd' | 'vhdx';
  readonly file: SmbFile | MountedFile;
}

/**
 * A disk of VHD or VHDX files that a Hyper-V host shares. The files are at rest: the VM is off, or a checkpoint moved the writing to
 * another one. They are opened where the bytes are moved, and nowhere before.
 */
export interface SharedImageSource {
  readonly kind: 'shared-image';
  /** The image that the guest wrote last, then its parents, nearest first. None is looked up by a name in a file. */
  readonly layers: readonly [SharedLayer, ...SharedLayer[]];
  /** Guest-visible size. */
  readonly capacity: Bytes;
  /** What tells that the files of a VM that is off are still the same (their sizes and times of the last write, as the host says them). */
  readonly mark?: string;
  readonly tracking?: TrackedDisk;
  /** Why this way was chosen, for the report: words that follow a colon. */
  readonly because: string;
}

/** Where the bytes of a disk are. Later transports add kinds; src/transfer is the only reader. */
export type DiskSource = ImageSource | BlankSource | RangeSource | LeaseSource | VddkSource | SharedImageSource;

/** Where the bytes go: a raw image file, written beside its name and renamed when proven. */
export interface RawFileTarget {
  readonly kind: 'raw-file';
  /** Absolute path of the finished file. */
  readonly path: string;
}

/** A block device (a claim with volumeMode Block, a loop device). It is written in place; what an earlier owner left on it is removed. */
export interface BlockDeviceTarget {
  readonly kind: 'block-device';
  /** Absolute path of the device. */
  readonly path: string;
  /** Absolute path of a file that is ours, where the journal is kept. */
  readonly journal: string;
}

export type DiskTarget = RawFileTarget | BlockDeviceTarget;

/** Absolute path of the journal of a target. What else is kept of a copy is beside it, in files whose names begin with its name. */
export function journalOf(target: DiskTarget): string {
  return target.kind === 'raw-file' ? `${target.path}.journal` : target.journal;
}

/** One disk of one VM to be brought to its target. The same job always makes the same bytes. */
export interface TransferJob {
  /** Unique in a run and stable over runs: `web/scsi0:0`. */
  readonly id: string;
  readonly vm: string;
  readonly disk: string;
  /** `SourceSnapshot.id` of the state that is read; absent: the VM is at rest. */
  readonly snapshot?: string;
  readonly source: DiskSource;
  readonly target: DiskTarget;
  /** Hash the source as it is read, read the target back and compare. */
  readonly verify: boolean;
  /**
   * Read the source a second time and compare: finds what a server, a link or a medium got wrong, for the price of a second reading. Every
   * kind of source can be read twice; a reading that stays open for deltas is rechecked with the last one.
   */
  readonly recheckSource?: boolean;
  /**
   * Absent: the whole disk. Present: only what changed since the checkpoint is brought onto the target, which an earlier job of the
   * same id left open; the source needs `tracking`. Without `since`, or where the source has lost count, everything is compared and what
   * differs is brought; where no earlier job left anything, everything is copied.
   */
  readonly delta?: { readonly since?: string };
  /**
   * The target stays open for further deltas: it is synced, journaled, and with `verify` read back as far as it was written, but neither sealed
   * nor published.
   */
  readonly staysOpen?: boolean;
  /**
   * The last pass over a target that stayed open reads all of it back, not only what no pass has read since it was written: finds what others
   * did to it between the passes, while the VM waits.
   */
  readonly proveAll?: boolean;
  /**
   * A part of the disk will be changed where it is, once it is proven: the hashes of its blocks stay beside its journal, so that its new root needs no
   * reading of the rest.
   */
  readonly keepsHashes?: boolean;
}

/** A disk that cannot be opened yet, because its VM still writes to it. */
export interface UnopenedDisk {
  readonly kind: 'unopened';
  /** Guest-visible size. */
  readonly capacity: Bytes;
}

/** A job before its time; every TransferJob is one. */
export interface PlannedTransfer extends Omit<TransferJob, 'source'> {
  readonly source: DiskSource | UnopenedDisk;
}

/** Counted in bytes that have to be moved (allocated ones where the format tells), not in bytes of the disk's size. */
export interface TransferProgress {
  readonly job: string;
  readonly stage: 'copy' | 'prove';
  readonly done: Bytes;
  readonly total: Bytes;
  /** Of `done`: what an earlier run had done already. It says nothing about the rate. */
  readonly kept?: Bytes;
}

/**
 * Proof that a target holds the source's content: every block was read back from the target after its last write, and is in the root as it was
 * read. A cold copy is read back at its end, all of it. Of a warm one, each pass reads back what it wrote: blocks that the last
 * pass left alone were read back at the end of an earlier one (all of them at the end of the last one with `proveAll`).
 */
export interface DiskProof {
  readonly algorithm: 'sha256';
  /**
   * Bytes covered by one hash of the lowest level; the last one may cover less. 65536: SHA-256 of each cell of 64 KiB, SHA-256 over those of
   * each MiB, and the root over these. Other figures are of earlier versions, whose roots say nothing to this one.
   */
  readonly blockSize: Bytes;
  /** Hash over all hashes of blocks in order: equal roots mean equal content where `blockSize` is equal. Of what the target holds by now. */
  readonly root: string;
  /** The root of what came from the source, where a conversion has changed the disk since. */
  readonly copied?: string;
  /** Guest-visible size, all of which is covered. */
  readonly size: Bytes;
  /** Bytes that were read from the source because they are allocated; the rest is proven to be zero on the target. */
  readonly allocated: Bytes;
}

/** Tells whether a file is still the one that was published. */
export interface FileMark {
  readonly size: Bytes;
  readonly inode: string;
  /** Nanoseconds since the epoch, decimal. */
  readonly modified: string;
}

/** What a finished transfer says about itself. */
export interface TransferResult {
  readonly job: string;
  /** Guest-visible size of the target. */
  readonly size: Bytes;
  /** Bytes moved in this run; 0 when an earlier run had finished the disk. */
  readonly moved: Bytes;
  /** Why everything was read although only changes were asked for. */
  readonly compared?: string;
  /** Readings that made the target what it is: 1 for a cold copy, one more for each delta. */
  readonly passes?: number;
  /** Blocks that were found wrong and brought once more: on the target when it was read back, in the first reading of the source. */
  readonly repaired?: { readonly target: number; readonly source: number };
  readonly allocated: Bytes;
  readonly seconds: number;
  /** Absent when proof was switched off. */
  readonly proof?: DiskProof;
  /** How the bytes were read: `decoder`, `qemu-img`, `stream`, `blank`, with a word on why. */
  readonly transport: string;
  /** The finished file as it was left. A file without this mark is read again before it is trusted. */
  readonly target?: FileMark;
}
