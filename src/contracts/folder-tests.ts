/** Tests of targets in a folder: machines that are started from overlays, so that what is copied stays as it is. */
import type { ConversionRequest } from '../model/conversion.ts';
import type { VirtualMachine } from '../model/manifest.ts';

export interface FolderTests {
  /** Targets that tests lie on. They are not copied to. */
  held(): Promise<ReadonlySet<string>>;
  /** Durable when it resolves; a process that migrates sees it at its next look. @throws MigrationError `target-full`, `target-write-failed` */
  hold(target: string): Promise<void>;
  release(target: string): Promise<void>;
  /** What a test of this target is made of. @throws MigrationError `state-unreadable`, `target-changed` where a disk is gone */
  stage(target: string): Promise<TestStage>;
  /** Writes a file that can be started. @throws MigrationError `target-full`, `target-write-failed` */
  writeProgram(file: string, content: string): Promise<void>;
  /** Removes overlays and everything else of the test; the target stays as it is. @throws MigrationError `target-write-failed` */
  clear(target: string): Promise<void>;
}

export interface TestStage {
  readonly machine: VirtualMachine;
  /** Absolute path of the folder for what belongs to the test; it is there, and empty. */
  readonly folder: string;
  readonly disks: readonly TestDisk[];
  /** What the cutover does to the guest; absent where that is nothing. */
  readonly guest?: TestGuest;
}

/** As a plan has it, save for the places of the disks. */
export interface TestGuest {
  readonly policy: 'convert' | 'skip';
  /** File with the passphrases of encrypted volumes. */
  readonly keys?: string;
  /** Disks of the guest in the order of its devices; `claim` as the manifest has it. */
  readonly disks: readonly { readonly key: string; readonly claim: string }[];
  readonly request: Omit<ConversionRequest, 'disks' | 'copy'>;
}

export interface TestDisk {
  /** Name of the claim, as the manifest has it. */
  readonly claim: string;
  /** Absolute path of the raw file, finished or not. */
  readonly base: string;
  /** Absolute path of the overlay that is to be made. */
  readonly overlay: string;
}
