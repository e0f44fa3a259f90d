/** What a worker of the cluster is told to do: plain data without secrets, which are mounted beside it. */
import type { ErrorCode } from '../model/error-codes.ts';
import type { DiskSource, TransferJob } from '../model/transfer.ts';
import type { SourceVm } from '../model/vm.ts';

/** Where a worker writes how far it is. */
export interface RecordRef {
  readonly namespace: string;
  readonly name: string;
}

/** A source that is logged in to. User, password, `ca.crt` and `thumbprint` are files of a mounted Secret. */
export interface ServerSource {
  readonly url: string;
  readonly insecure: boolean;
  readonly transport: 'auto' | 'range' | 'lease' | 'vddk';
}

/** What a worker needs to get at the source. */
export type WorkerSource =
  | { readonly kind: 'images'; readonly claim: string }
  | { readonly kind: 'server'; readonly server: ServerSource; readonly secret: string };

export type WorkerOrder =
  /** Bring one disk to its target. */
  | { readonly kind: 'transfer'; readonly record: RecordRef; readonly job: TransferJob; readonly server?: ServerSource }
  /** Say which VMs the image files below a path are. */
  | { readonly kind: 'images'; readonly record: RecordRef; readonly path: string };

/** What a worker says, each as JSON text under its name. A later word replaces the earlier one. */
export interface WorkerRecord {
  put(words: Readonly<Partial<Record<WorkerWord, string>>>, signal: AbortSignal): Promise<void>;
}

export type WorkerWord = 'progress' | 'result' | 'failure';

/** Content of `failure`. */
export interface WorkerFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Content of `result` of an `images` order is a list of these, in the order of the source. */
export interface RecordedVm {
  readonly vm: SourceVm;
  /** Where the bytes of each disk are, or why they cannot be read; by disk key. */
  readonly disks: Readonly<Record<string, { readonly source: DiskSource } | { readonly failure: WorkerFailure }>>;
}
