/**
 * What a source of virtual machines must provide. A provider reports facts; it never judges, never names Kubernetes,
 * never logs secrets, never retries by itself.
 */
import type { Inventory } from '../model/inventory.ts';
import type { AfterCommit } from '../model/source-retirement.ts';
import type { DiskSource } from '../model/transfer.ts';
import type { PowerState, SourceVm, VmRef } from '../model/vm.ts';
import type { ChangeTracking } from './change-tracking.ts';
import type { ClientCertificate, Credentials, SshLogin, Trust } from './credentials.ts';
import type { SourceAccess } from './source-access.ts';

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /**
   * Asked once at the first login, with the user of the URL where it names one. Absent for sources without a login.
   * @throws MigrationError `credentials-missing`
   */
  readonly credentials?: (source: string, user: string | undefined) => Promise<Credentials>;
  readonly trust?: Trust;
  /** The only way to the bytes that is wanted. Absent: what the server offers is probed, and `vddk` is taken where it is usable. */
  readonly transport?: 'range' | 'lease' | 'vddk';
  /** The only way to log in that is wanted (Hyper-V). Absent: the strongest that the server offers. */
  readonly loginMethod?: LoginMethod;
  /** Who logs in, for the way `certificate`. */
  readonly clientCertificate?: ClientCertificate;
  /** For sources that are reached by SSH (Hyper-V). */
  readonly ssh?: SshLogin;
  /** Where files of the source are found from here (Hyper-V). The longest `from` that matches on whole parts of a path counts. */
  readonly paths?: readonly PathMapping[];
  /** Login to the shares that the disks lie on, where it is another than that of the host. Asked once. */
  readonly shareCredentials?: () => Promise<Credentials>;
  /** OVF deployment configuration to apply instead of the default one. Other providers have none and refuse it. */
  readonly configuration?: string;
}

export type LoginMethod = 'basic' | 'ntlm' | 'kerberos' | 'certificate';

export interface PathMapping {
  /** Folder as the source names it: `C:\\VMs`, `C:\\ClusterStorage\\Volume1`, `\\\\server\\share\\folder`. */
  readonly from: string;
  /** A share or a folder of one (`\\\\server\\share`), or the absolute path where that is mounted. */
  readonly to: string;
}

export interface DiagnoseOptions extends ConnectOptions {
  /**
   * Opens a disk as a copy would and reads its beginning: what was found, in words. Given by whoever knows the transports; without it
   * disks are not read.
   * @throws MigrationError why it cannot be read
   */
  readonly look?: (source: DiskSource, access: SourceAccess, signal: AbortSignal) => Promise<string>;
  /** Name or id of a VM that may get a checkpoint for a moment, to test what warm copies need. Absent: nothing is changed. */
  readonly tryCheckpoint?: string;
}

export interface Provider {
  /** `file`, `vsphere`, `hyperv`. */
  readonly kind: string;
  /** True when `source` (design §5: path or URL) is for this provider. Looks at the text only. */
  claims(source: string): boolean;
  /**
   * Opens the source. Costs one look (a login, a stat), no inventory.
   * @throws MigrationError `source-not-found`, `source-unreadable`, `source-unrecognised`
   */
  connect(source: string, options: ConnectOptions): Promise<Connection>;
  /**
   * Tests every link that a migration needs, one after the other and from the first: nothing is open yet. Never throws for a link
   * that is broken. Absent where opening the source is the whole test.
   */
  diagnose?(source: string, options: DiagnoseOptions): AsyncIterable<Check>;
}

export interface Connection extends AsyncDisposable {
  /** Name of the source for people, without credentials. */
  readonly name: string;
  /**
   * VMs one after the other, in a stable order, as they are read: memory does not grow with their number.
   * A provider that can uses `hint` to read less; what it delivers beyond is left out by the caller.
   * @throws MigrationError for what cannot be read; nothing after it is delivered
   */
  vms(signal: AbortSignal, hint?: ReadHint): AsyncIterable<SourceVm>;
  /**
   * One VM as it is now, for the price of one question; undefined when it is gone. Absent where nothing changes by itself (files).
   * @throws MigrationError like `vms`
   */
  vm?(ref: VmRef, signal: AbortSignal): Promise<SourceVm | undefined>;
  /** Networks, storages and hosts. VMs are not in it. */
  surroundings(signal: AbortSignal): Promise<Omit<Inventory, 'vms'>>;
  /**
   * Says where the bytes of a disk are, and what a manifest promises about their files. Reads no more than headers.
   * With `snapshot` (an id) the frozen state is opened instead of the current one.
   * @throws MigrationError `vm-not-found`, `disk-unreachable`, `disks-changed` for a disk that the snapshot has not, and whatever is wrong with the
   * image
   */
  openDisk(vm: VmRef, diskKey: string, signal: AbortSignal, snapshot?: string): Promise<DiskSource>;
  /** What a transport needs beside a DiskSource of this connection; absent for files. Ends with the connection. */
  readonly access?: SourceAccess;
  /** Present where the source can switch a VM; absent for files, which are always at rest. */
  readonly power?: PowerControl;
  /** Present where the source can freeze the disks of a VM. */
  readonly snapshots?: SnapshotControl;
  /** Present where the source knows which blocks of a disk changed (CBT, RCT). */
  readonly changes?: ChangeTracking;
  /** Present where the source can make a VM so that nobody takes it for the one that was migrated. */
  readonly retirement?: SourceRetirement;
  /**
   * The inventory as it changes: first every VM, then `current`, then what happens, until the signal aborts. The stream survives
   * lost sessions and restarts of the server by comparing with what it has told; it ends with a MigrationError that it cannot heal.
   */
  watch?(signal: AbortSignal): AsyncIterable<InventoryEvent>;
}

/** What a caller will keep of an inventory. All that are given must hold. */
export interface ReadHint {
  /** False for a VM that is not wanted, told by its reference alone. */
  readonly wants?: (vm: VmRef) => boolean;
}

export type InventoryEvent =
  | { readonly kind: 'vm'; readonly vm: SourceVm }
  | { readonly kind: 'gone'; readonly id: string }
  /** Everything up to this instant has been told. */
  | { readonly kind: 'current' };

/** What follows when a guest does not shut down: `force` cuts the power, `fail` gives up and leaves the VM running. */
export type ShutdownPolicy = 'force' | 'fail';

export interface PowerOffOptions {
  /** Seconds that the guest gets to shut down by itself; 0 cuts the power at once. */
  readonly graceSeconds: number;
  readonly otherwise: ShutdownPolicy;
}

export interface PowerControl {
  /** Asks the source. */
  state(vm: VmRef, signal: AbortSignal): Promise<PowerState>;
  /**
   * Brings the VM to rest and waits for it. Does nothing when it is off. Says how it went.
   * @throws MigrationError `guest-shutdown-timeout`, `guest-not-reachable` with policy `fail`
   */
  powerOff(vm: VmRef, signal: AbortSignal, options?: PowerOffOptions): Promise<'was-off' | 'guest-shutdown' | 'forced'>;
  /** Does nothing when it is on. */
  powerOn(vm: VmRef, signal: AbortSignal): Promise<void>;
}

/** A frozen state of all disks of a VM. Plain data: it is kept over restarts. */
export interface SourceSnapshot {
  readonly id: string;
  readonly name: string;
  /** `filesystem`: the guest flushed and froze its file systems; `crash`: as if the power had been cut. */
  readonly consistency: 'filesystem' | 'crash';
  /** Why not `filesystem`, when it was asked for. */
  readonly because?: string;
  /** State of each disk's change tracking at this instant, by disk key; absent where tracking is off, or where `settle` tells it. */
  readonly checkpoints: Checkpoints;
}

/** State of change tracking by disk key. Opaque to everybody but the provider. */
export type Checkpoints = Readonly<Record<string, string>>;

export interface SnapshotRequest {
  /** Unique among the VM's snapshots: a second call with the same name finds the first one's snapshot. */
  readonly name: string;
  readonly description?: string;
  /** `preferred` falls back to a crash-consistent snapshot and says why. */
  readonly quiesce: 'required' | 'preferred' | 'no';
}

export interface SnapshotControl {
  /** @throws MigrationError `snapshot-failed`, `source-busy`, `source-forbidden` */
  create(vm: VmRef, request: SnapshotRequest, signal: AbortSignal): Promise<SourceSnapshot>;
  /** The snapshot of this name that an earlier run may have left. */
  find(vm: VmRef, name: string, signal: AbortSignal): Promise<SourceSnapshot | undefined>;
  /** Removes it and waits until its blocks are merged. Nothing happens when it is gone. @throws MigrationError `snapshot-failed` */
  remove(vm: VmRef, id: string, signal: AbortSignal): Promise<void>;
  /**
   * Instead of `remove`, for a snapshot whose content was copied, where the source knows its checkpoints only when it lets the snapshot go
   * (Hyper-V: `ConvertToReferencePoint`). Removes it and keeps at the source what tells later what changed since. A second call after
   * a lost answer says the same; undefined when nothing is known of the snapshot any more.
   * @throws MigrationError `snapshot-failed`
   */
  settle?(
    vm: VmRef,
    request: { readonly id: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<Checkpoints | undefined>;
}

export interface SourceRetirement {
  /**
   * Renames, moves and disconnects a VM, whatever of it is asked for; what is so already stays. Nothing is ever deleted.
   * @throws MigrationError `source-refused`, `source-forbidden`, `source-busy`, `vm-not-found`
   */
  retire(vm: VmRef, wanted: AfterCommit, signal: AbortSignal): Promise<void>;
}

/** One tested link. */
export interface Check {
  /** Stable: `dns`, `tls`, `login`, `privileges`. */
  readonly id: string;
  /** `failed` stops a migration, `warning` slows or narrows it, `skipped` could not be tested. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was tested, and what was found. */
  readonly label: string;
  readonly finding: string;
  /** What to do; present unless it is ok. */
  readonly todo?: string;
}
