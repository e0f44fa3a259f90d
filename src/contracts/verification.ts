/** Finished disks and what was sealed about them, for whoever looks at them again later. */
import type { Extent, TransferProgress, TransferResult } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import type { DiskVerdict } from '../model/verification.ts';

/** A disk that should be on its target. */
export interface KeptDisk {
  /** `TransferJob.id`. */
  readonly id: string;
  /** Name of the VirtualMachine on the target. */
  readonly vm: string;
  readonly disk: string;
  /** Absolute path of the file or block device. */
  readonly path: string;
  /** Bytes that it has now; undefined when there is none. */
  readonly size: Bytes | undefined;
  /** It is a block device, which may be larger than its disk. */
  readonly device?: boolean;
  /** What its transfer said at its end; absent when it never ended. */
  readonly result?: TransferResult;
}

export interface KeptDisks {
  /** Where they are, for people. */
  readonly name: string;
  /**
   * The disks of all VMs, in a stable order.
   * @throws MigrationError `source-not-found` where there is no migration, `state-unreadable`
   */
  list(): Promise<readonly KeptDisk[]>;
}

export interface DiskHasher {
  /** `DiskProof.blockSize` of the roots that it makes: those of other sizes cannot be compared with them. */
  readonly blockSize: Bytes;
  /**
   * What is at a path, links followed; undefined where there is neither a file nor a block device.
   * @throws MigrationError `source-unreadable`
   */
  look(path: string): Promise<{ readonly size: Bytes; readonly device: boolean } | undefined>;
  /**
   * Root hash (`DiskProof.root`) of the first `size` bytes of a raw file or block device.
   * @throws MigrationError `source-unreadable` when it cannot be read; `canceled`
   */
  rootOf(
    disk: Pick<KeptDisk, 'id' | 'path'> & { readonly size: Bytes },
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: TransferProgress) => void },
  ): Promise<string>;
}

/** What was changed of a disk that a copy left proven. */
export interface DiskChange {
  /** `DiskProof.root` of the disk as the copy left it. */
  readonly before: string;
  /** Absolute path of the hashes of its blocks, as `takeHashes` brought them there. */
  readonly hashes: string;
  /** Absolute path of the journal of the copy. */
  readonly journal: string;
  /** Nothing else was written to since. */
  readonly changed: readonly Extent[];
  /** Places of them that were made zeros; not necessarily all. */
  readonly zeroed?: readonly Extent[];
}

/** `read`: bytes of the disk that were read for it. Where it was all of them, why: words that follow a colon. */
export type NewRoot = { readonly root: string; readonly read: Bytes } | { readonly root: string; readonly wholeBecause: string };

/** Makes the new root of a disk of which only a part was changed. */
export interface ChangeHasher extends DiskHasher {
  /**
   * Takes the hashes that a copy left beside its journal away from there: whoever changes the disk has them alone, because they are not those of
   * the disk any more. To be called before the first change, and again after a kill. Nothing happens where there are none.
   * @param into absolute path of a file in a folder that survives a restart
   * @throws MigrationError `target-write-failed`
   */
  takeHashes(journal: string, into: string): Promise<void>;
  /**
   * The root that `rootOf` would make, from the hashes of the copy and what the changed places hold now. Where the hashes are gone, torn, or of
   * another content than the copy's, it is `rootOf` that makes it. A bit that rotted in a place that nobody changed is not seen: the root is then
   * that of the bytes that were proven, and whoever reads the whole disk next (`verify`) finds that it has another one.
   * @throws as `rootOf`
   */
  rootAfter(
    disk: Parameters<DiskHasher['rootOf']>[0],
    change: DiskChange,
    options: Parameters<DiskHasher['rootOf']>[1],
  ): Promise<NewRoot>;
  /** Removes what a copy left for `rootAfter`. Never fails. */
  dropHashes(journal: string): Promise<void>;
}

/** A disk that should be on a claim of a cluster. */
export interface ClaimedDisk extends Pick<KeptDisk, 'id' | 'vm' | 'disk' | 'result'> {
  readonly namespace: string;
  readonly claim: string;
}

/** Looks at claims of a cluster by workers that run beside them. */
export interface ClaimLooks extends Disposable {
  /**
   * Reads a claim and compares it with what was sealed. Nothing of the worker is left behind, however it ends.
   * @throws MigrationError `claim-in-use` while something else may write to it, what the worker says, and those of the cluster; the reason of
   * the signal
   */
  look(
    disk: ClaimedDisk,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: TransferProgress) => void;
      /** Why nothing is read yet; undefined when nothing is in the way any more. Must not throw. */
      readonly onWait: (because: string | undefined) => void;
    },
  ): Promise<DiskVerdict>;
}
