/** What a worker of the cluster is told to do: plain data without secrets, which are mounted beside it. */

import type { BootProbe } from '../model/boot-proof.ts';
import type { Accelerator, ConversionRequest, GuestOutcome } from '../model/conversion.ts';
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
  /** Wait for another order, which comes to the place of this one; after so many seconds without one, end. */
  | { readonly kind: 'stand-by'; readonly seconds: number }
  /** Say which VMs the image files below a path are; `fetch` is brought to that path first. */
  | { readonly kind: 'images'; readonly record: RecordRef; readonly path: string; readonly fetch?: RemoteFile }
  /** Make a whole disk of what is copied until now: of another claim where it `copies`, else of what its own claim was cloned with. */
  | { readonly kind: 'clone'; readonly block: boolean; readonly copies: boolean }
  /** Ask a guest until everything is answered, or for so many seconds. */
  | { readonly kind: 'probe'; readonly asked: readonly AskedProbe[]; readonly seconds: number }
  /** Say whether a disk still is what was sealed. */
  | { readonly kind: 'verify'; readonly disk: Omit<KeptDisk, 'size' | 'device'> }
  /** Make the guest on the disks fit, or look whether it is. Passphrases are files of a mounted Secret. */
  | {
      readonly kind: 'convert';
      /** Its paths are those of the Pod. */
      readonly request: ConversionRequest;
      readonly policy: GuestOutcome['policy'];
      /** What the Pod was given a device for. */
      readonly accelerator: Accelerator;
    };

/** What can be asked from another machine. */
export type NetworkProbe = Exclude<BootProbe, { readonly kind: 'script' }>;

export interface AskedProbe {
  /** Tells it from the others of its VM. */
  readonly index: number;
  /** Address of the guest. */
  readonly host: string;
  readonly probe: NetworkProbe;
}

/** What a worker that asks a guest says, while it asks and in the end: the answer, or why there is none yet. */
export interface ProbesTold {
  readonly probes: readonly (
    | { readonly index: number; readonly answer: string }
    | { readonly index: number; readonly refusal: string }
  )[];
}

/** Where a worker keeps what is too large for its last word. */
export interface WorkerRecord {
  /** All VMs in their order, in as many pieces as are needed. Nothing counts before it resolves. */
  keep(vms: AsyncIterable<RecordedVm>, signal: AbortSignal): Promise<void>;
}

/** The last word of a worker, as JSON in its termination message. `result` of a transfer is its TransferResult, that of a look at a disk its DiskVerdict, that of a conversion its PackedOutcome. */
export type WorkerEnd = { readonly result: unknown } | { readonly failure: WorkerFailure };

/** A GuestOutcome as JSON, compressed with gzip, in base64: what was done to a guest is told in full, in the little room of a last word. */
export interface PackedOutcome {
  readonly outcome: string;
}

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
