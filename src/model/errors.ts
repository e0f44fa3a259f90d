/**
 * Channel 2 of trouble: the world failed. (Channel 1, a remark about the customer's VM, is a Concern;
 * channel 3, a bug, is an ordinary Error that keeps its stack.)
 */
import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

/** What the caller should do next: try again, wait for something outside, or stop and ask a human. */
export type Disposition = 'retry' | 'wait' | 'stalled';

/** Process exit codes of design §5 that an error can cause: 2 = usage or configuration, 3 = provider, cluster or transfer. */
export type ErrorExit = 2 | 3;

/** Where the trouble is, as precisely as known. */
export interface ErrorPlace {
  /** File or URL without credentials. */
  readonly file?: string;
  /** Place inside the file: an XML path, a line, a byte offset, an archive member. */
  readonly at?: string;
  /** Name of the VM concerned. */
  readonly vm?: string;
  /** Label of the disk concerned. */
  readonly disk?: string;
}

export interface MigrationErrorOptions extends ErrorPlace {
  /** What a person can do about it; the catalogue's general advice when absent. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * A failure of the world with a stable code. The message is one sentence for a person and never contains a secret.
 * Codes, dispositions and exits are listed in `error-codes.ts`.
 */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: ErrorCode;
  readonly disposition: Disposition;
  readonly exit: ErrorExit;
  readonly hint: string;
  readonly place: ErrorPlace;

  constructor(code: ErrorCode, message: string, options: MigrationErrorOptions = {}) {
    const { hint, cause, ...place } = options;
    super(message, cause === undefined ? undefined : { cause });
    const entry = ERROR_CODES[code];
    this.code = code;
    this.disposition = entry.disposition;
    this.exit = entry.exit;
    this.hint = hint ?? entry.advice;
    this.place = place;
  }
}

/** The place of an error in one phrase, empty when nothing is known: `guest.ova, member disk1.vmdk, VM web`. */
export function describePlace(place: ErrorPlace): string {
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(place.file);
  if (place.at !== undefined) parts.push(place.at);
  if (place.vm !== undefined) parts.push(`VM ${place.vm}`);
  if (place.disk !== undefined) parts.push(`disk ${place.disk}`);
  return parts.join(', ');
}
