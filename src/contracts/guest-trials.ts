/** What a conversion would make of a guest, on overlays: the copied disks stay as they are. For tests of targets. */
import type { ConversionRequest, ConversionTerms, GuestOutcome } from '../model/conversion.ts';

export interface GuestTrialOptions {
  /** Folder of this trial alone, for its overlays; what is in it is thrown away. */
  readonly workspace: string;
  readonly signal: AbortSignal;
  /** What is done at the moment, for people. Must not throw. */
  readonly onProgress: (text: string) => void;
}

export interface GuestTrial
  extends Pick<GuestOutcome, 'policy' | 'accelerator' | 'converter' | 'guest' | 'warnings' | 'seconds'> {
  /** Absolute path of the qcow2 file over each disk, by its key. */
  readonly overlays: Readonly<Record<string, string>>;
}

/**
 * Does to overlays what the cutover does to the disks, or looks whether the guest needs nothing of it (`skip`).
 * @throws MigrationError as GuestConversions.check and GuestConversions.convert
 */
export type TryGuest = (
  request: ConversionRequest,
  terms: Pick<ConversionTerms, 'policy' | 'keys'>,
  options: GuestTrialOptions,
) => Promise<GuestTrial>;
