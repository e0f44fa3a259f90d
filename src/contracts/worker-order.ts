/** What a worker of the cluster is told to do: plain data without secrets, which are mounted beside it. */

import type { ErrorCode } from '../model/error-codes.ts';
import type { DiskSource, TransferJob } from '../model/transfer.ts';
import type { SourceVm } from '../model/vm.ts';
import type { BandwidthLimit } from './bandwidth.ts';
import type { ResourceName } from './resources.ts';
import type { KeptDisk } from './verification.ts';

/** Objects of the cluster that a worker may write, named by the first of them. They go with their owner. */
export interface RecordRef {
  readonly name: string;
  readonly owner: ResourceName;
}

/** A source that is logged in to. User, password, `ca.crt`, `thumbprint` and the like are files of a mounted Secret. */
export interface ServerSource {
  readonly url: string;
  readonly insecure: boolean;
  readonly transport: 'auto' | 'range' | 'lease' | 'vddk';
  /** The only way to log in; absent: what the server offers. */
  readonly loginMethod?: 'basic' | 'ntlm' | 'certificate';
}

/** What a worker needs to get at the source. */
export type WorkerSource =
  | { readonly kind: 'images'; readonly claim: string }
  | {
      readonly kind: 'server';
      readonly server: ServerSource;
      readonly secret: string;
      /** Image that brings the user's VDDK. */
      readonly vddk?: string;
      /** Claims with shares of the source; those that a disk lies on are mounted. */
      readonly shares?: readonly string[];
    };

/** A file behind a URL. User, password, `ca.crt` and `thumbprint` are files of a mounted Secret, where there is one. */
export interface RemoteFile {
  /** `https://…`, without credentials. */
  readonly url: string;
  /** Of the whole file, hexadecimal. */
  readonly sha256?: string;
  /** Whoever answers is taken for the server. */
  readonly insecure?: boolean;
}

export type WorkerOrder =
  /** Bring one disk to its target. */
  | {
      readonly kind: 'transfer';
      readonly job: TransferJob;
      readonly server?: ServerSource;
      /** What it may read of the source; all of them hold. */
      readonly bandwidth?: readonly BandwidthLimit[];
    }
  /** Say which VMs the image files below a path are; `fetch` is brought to that path first. */
  | { readonly kind: 'images'; readonly record: RecordRef; readonly path: string; readonly fetch?: RemoteFile }
  /** Make a whole disk of what is copied until now: of another claim where it `copies`, else of what its own claim was cloned with. */
  | { readonly kind: 'clone'; readonly block: boolean; readonly copies: boolean }
  /** Say whether a disk still is what was sealed. */
  | { readonly kind: 'verify'; readonly disk: Omit<KeptDisk, 'size' | 'device'> };

/** Where a worker keeps what is too large for its last word. */
export interface WorkerRecord {
  /** All VMs in their order, in as many pieces as are needed. Nothing counts before it resolves. */
  keep(vms: AsyncIterable<RecordedVm>, signal: AbortSignal): Promise<void>;
}

/** The last word of a worker, as JSON in its termination message. `result` of a transfer is its TransferResult, that of a look at a disk its DiskVerdict. */
export type WorkerEnd = { readonly result: unknown } | { readonly failure: WorkerFailure };

export interface WorkerFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** One VM of an `images` order. */
export interface RecordedVm {
  readonly vm: SourceVm;
  /** Where the bytes of each disk are, or why they cannot be read; by disk key. */
  readonly disks: Readonly<Record<string, { readonly source: DiskSource } | { readonly failure: WorkerFailure }>>;
}
