/** What makes a copied guest fit for KubeVirt. Implemented in src/convert. */
import type { Accelerator, ChangedDisk, ConversionPhase, ConversionRequest, ConversionResult } from '../model/conversion.ts';
import type { GuestInspection } from '../model/guest-inspection.ts';

/** A passphrase of an encrypted volume; travels beside the request, never in it. */
export interface VolumeKey {
  /** Device as the converter names it (`/dev/sda2`), or UUID of the volume; absent: tried on every one. */
  readonly volume?: string;
  readonly passphrase: string;
}

export interface ConversionProgress {
  readonly phase: ConversionPhase;
  /** What the phase does at the moment, for people. */
  readonly text: string;
}

export interface ConverterOptions {
  /** Folder of this VM's conversion alone, on storage that survives a restart; as large as what the conversion changes. */
  readonly workspace: string;
  readonly accelerator: Accelerator;
  readonly keys?: readonly VolumeKey[];
  readonly onProgress?: (progress: ConversionProgress) => void;
  /**
   * Called before the first disk is changed, with what will be changed; again when changes that were being brought to the disks are brought there once
   * more. What it throws ends the conversion.
   */
  readonly beforeCommit?: (disks: readonly ChangedDisk[]) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface GuestConverter {
  /**
   * Looks into disks and changes nothing.
   * @throws MigrationError `appliance-failed`, `tool-missing`, `canceled`
   */
  inspect(request: ConversionRequest, options: ConverterOptions): Promise<GuestInspection>;
  /**
   * Converts all disks of a VM or none. Repeatable at any point: what was begun is thrown away, what is being committed is committed,
   * and what is converted answers with its result. A failure leaves the disks as they were copied.
   * @throws MigrationError `guest-…`, `conversion-failed`, `appliance-failed`, `virtio-win-missing`, `target-full`, `canceled`
   */
  convert(request: ConversionRequest, options: ConverterOptions): Promise<ConversionResult>;
}
