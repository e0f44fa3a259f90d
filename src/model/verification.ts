/** What a second look at finished disks says; published as JSON (deploy/verification.schema.json). */
import type { DiskProof } from './transfer.ts';

/**
 * `ok`: the bytes are those that were sealed. `differs`: they are not. `missing`: there is no file, and no device. `unproven`: nothing was sealed to
 * compare with. `unreadable`: it could not be told.
 */
export type DiskOutcome = 'ok' | 'differs' | 'missing' | 'unproven' | 'unreadable';

export interface DiskVerdict {
  readonly vm: string;
  readonly disk: string;
  /** Absolute path of the file or device; `pvc/NAME` of a claim in a cluster. */
  readonly file: string;
  readonly outcome: DiskOutcome;
  /** One sentence. */
  readonly finding: string;
  /** What was sealed. */
  readonly sealed?: DiskProof;
  /** Root hash that was found; present where the file was read. */
  readonly root?: string;
  /** Of the reading. */
  readonly seconds?: number;
}

export interface Verification {
  /** Changes only with the meaning of a field. */
  readonly schema: 'kubeferry.dev/verification/v1';
  /** Where the disks are. */
  readonly place: string;
  /** ISO 8601. */
  readonly checkedAt: string;
  readonly disks: readonly DiskVerdict[];
}
