/**
 * The live side of a DiskSource: what must not be written into plain data (secrets) and what only its provider can do (leases, change
 * tracking). Lent by a connection to src/transfer; in a worker Job the worker opens a connection of its own for it.
 */
import type { LeaseSource } from '../model/transfer.ts';
import type { ChangeTracking } from './change-tracking.ts';
import type { Credentials, Trust } from './credentials.ts';

export type HttpHeaders = Readonly<Record<string, string>>;

export interface SourceAccess {
  /**
   * Headers that open `url` (a session's cookie). With `refused`, the headers that the server answered with 401 or 403, they are renewed
   * first, once for all who met that.
   * @throws MigrationError `source-login-failed`, `source-unreachable`, `source-forbidden`; `source-busy` when sessions end again and again
   */
  headers(url: string, signal: AbortSignal, refused?: HttpHeaders): Promise<HttpHeaders>;
  /** How the server of `url` is trusted. */
  trust(url: string): Trust;
  /**
   * Takes part in the export of a VM or a snapshot. Disks of one owner that are read at the same time share one lease: it is completed when
   * the last of them has completed, and aborted when the last has ended and one of them failed.
   * @throws MigrationError `disk-unreachable`, `source-busy`, `source-forbidden`
   */
  openExport?(source: LeaseSource, signal: AbortSignal): Promise<DiskExport>;
  /** Blocks of the disks that carry `tracking`. */
  readonly changes?: ChangeTracking;
  /** For a transport that logs in by itself (VDDK, SMB). Held in memory only. */
  credentials?(): Promise<Credentials>;
}

/** One disk of a lease. Disposing without `complete` means that the reading failed. */
export interface DiskExport extends AsyncDisposable {
  /** Where its stream is fetched, without credentials. */
  readonly url: string;
  /** How the server of `url` is trusted: an ESXi host has a certificate of its own, which the lease names. */
  readonly trust: Trust;
  /** Part of this disk that was read, 0 to 1. Tells the server that we are alive; may be called often. */
  progress(part: number): void;
  /** The stream was read to its end. */
  complete(): Promise<void>;
}
