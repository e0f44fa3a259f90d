/**
 * What a worker needs from outside: built by main.ts from the composition root, or by a test. This room reads one order, lets the copier or a
 * provider carry it out and says how it went; it knows no VM and no plan.
 */
import type { BandwidthLimit } from '../contracts/bandwidth.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Credentials, Trust } from '../contracts/credentials.ts';
import type { DiskCopier } from '../contracts/disk-copier.ts';
import type { ConverterOptions } from '../contracts/guest-converter.ts';
import type { Log } from '../contracts/log.ts';
import type { Connection, ConnectOptions } from '../contracts/provider.ts';
import type { DiskHasher } from '../contracts/verification.ts';
import type { NetworkProbe, RecordRef, RemoteFile, WorkerRecord } from '../contracts/worker-order.ts';
import type { ConversionRequest, GuestOutcome } from '../model/conversion.ts';

export interface Services {
  readonly clock: Clock;
  readonly log: Log;
  connect(source: string, options: ConnectOptions): Promise<Connection>;
  /** @param limits what it may read; all of them hold */
  copier(limits: readonly BandwidthLimit[]): DiskCopier;
  /** Reads disks that are there already. */
  hasher(): DiskHasher;
  /** Removes a finished disk of an earlier try. */
  removeFinished(file: string): Promise<void>;
  /** Makes a whole disk of another one, or of what is at its place. @throws MigrationError `target-changed`, `transfer-tool-failed` */
  clone(from: DiskPlace | undefined, to: DiskPlace, signal: AbortSignal): Promise<void>;
  /**
   * Converts a guest, or looks whether it needs no conversion; disks that were proven are hashed again where they changed.
   * @param options `keys`: folder with passphrases, if there is one. KVM is used only where a guest was seen to run with it
   * @throws MigrationError as GuestConverter, and `guest-drivers-missing`
   */
  convertGuest(
    request: ConversionRequest,
    policy: GuestOutcome['policy'],
    options: Omit<ConverterOptions, 'keys'> & { readonly keys: string },
  ): Promise<GuestOutcome>;
  /** Asks a guest again and again until it answers, and gives the answer as a sentence. @throws the reason of the signal */
  ask(host: string, probe: NetworkProbe, options: AskOptions): Promise<string>;
  /** Brings a file behind a URL to a path, or goes on with it; nothing happens when it is there. @throws MigrationError of the source and the target */
  fetch(file: RemoteFile, options: FetchOptions): Promise<void>;
  /** What this worker may write. */
  record(ref: RecordRef): Promise<WorkerRecord>;
  /** The content of a mounted file; undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** Says how far it is, where the operator listens: one line of JSON. */
  tell(line: string): void;
  /** Says how it ended, in 4096 bytes at most. */
  lastWord(text: string): Promise<void>;
}

export interface FetchOptions {
  /** Absolute path of the file in the end. */
  readonly path: string;
  readonly trust: Trust;
  readonly credentials?: Credentials;
  /** Called a few times a second at most. */
  readonly onProgress: (done: number, total: number | undefined) => void;
  readonly signal: AbortSignal;
}

export interface AskOptions {
  readonly signal: AbortSignal;
  /** Told of every wrong answer. */
  readonly onRefusal: (why: string) => void;
}

export interface DiskPlace {
  /** Absolute path of the finished file, or of the block device. */
  readonly path: string;
  readonly block: boolean;
}
