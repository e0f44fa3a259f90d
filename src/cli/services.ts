/**
 * What the command line needs from outside: built by main.ts from the composition root, or by a test from parts of its own.
 * This room parses words, calls prepare() and migrateAll(), and prints; it decides nothing about a VM.
 */
import type { AdjustableBandwidth, Bandwidth, BandwidthLimit } from '../contracts/bandwidth.ts';
import type { Clock } from '../contracts/clock.ts';
import type { ClusterAccess, FactsReading } from '../contracts/cluster.ts';
import type { FolderTarget, Store } from '../contracts/destination.ts';
import type { DiskCopier } from '../contracts/disk-copier.ts';
import type { FolderMigration, FolderWishes } from '../contracts/folder-migration.ts';
import type { FolderTests } from '../contracts/folder-tests.ts';
import type { GuestInspector } from '../contracts/guest-inspector.ts';
import type { TryGuest } from '../contracts/guest-trials.ts';
import type { BootProver, GuestConversions } from '../contracts/guests.ts';
import type { JobQueue, QueueLimits } from '../contracts/job-queue.ts';
import type { Log } from '../contracts/log.ts';
import type { ClusterPlans } from '../contracts/plans.ts';
import type { Check, Connection, ConnectOptions, DiagnoseOptions } from '../contracts/provider.ts';
import type { ClaimLooks, DiskHasher, KeptDisks } from '../contracts/verification.ts';
import type { Accelerator } from '../model/conversion.ts';
import type { VmPlan } from '../model/plan.ts';
import type { Schedule } from '../model/schedule.ts';
import type { CredentialSources } from './credentials.ts';

export interface Services {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** How a person starts this program; `kubeferry` when absent. */
  readonly program?: string;
  /** Finds the provider of a source. @throws MigrationError `source-unrecognised` and what the provider throws */
  connect(source: string, options: ConnectOptions): Promise<Connection>;
  /** Tests the way to a source. @throws MigrationError `source-unrecognised` */
  diagnose(source: string, options: DiagnoseOptions): AsyncIterable<Check>;
  /** Asks a target cluster what it has. @throws MigrationError where it cannot be asked at all */
  readFacts(access: ClusterAccess, signal: AbortSignal): Promise<FactsReading>;
  /** Plans in a cluster. @throws MigrationError `cluster-not-configured` */
  openPlans(access: ClusterAccess): Promise<ClusterPlans>;
  /** Where logins are read from. */
  readonly credentials: CredentialSources;
  openFolder(folder: string): {
    readonly target: FolderTarget;
    readonly store: Store;
    /** Work on guests, on this machine. @param queue how many at once */
    guests(queue: JobQueue): { readonly conversions: GuestConversions; readonly prover: BootProver };
    /** @throws MigrationError `state-unreadable` */
    wishes(options: { readonly schedule?: Schedule | undefined; readonly plans: readonly VmPlan[] }): Promise<FolderWishes>;
  };
  /** A migration in a folder, to look at or to act upon; undefined where there is none. @throws MigrationError `state-unreadable` */
  openMigration(folder: string): Promise<FolderMigration | undefined>;
  /** Tests of the targets of a folder. */
  openTests(folder: string): FolderTests;
  /** Does to overlays of copied disks what a cutover would do to the disks. */
  readonly tryGuest: TryGuest;
  /** Makes a qcow2 file over a raw one. @throws MigrationError `tool-missing`, `transfer-tool-failed` */
  makeOverlay(base: string, overlay: string, signal: AbortSignal): Promise<void>;
  /** What all disks together may read. */
  bandwidth(limit: BandwidthLimit): AdjustableBandwidth;
  /** @param vddkFolder where the user's VDDK is, for disks that are read through it */
  copier(bandwidth: Bandwidth, vddkFolder?: string): DiskCopier;
  /** Tests whether the user's VDDK can be loaded. */
  checkVddk(folder: string, signal: AbortSignal): Promise<Check>;
  /** What runs guests on this machine; tried out once. @throws MigrationError `tool-missing` */
  accelerator(signal: AbortSignal): Promise<Accelerator>;
  /** Looks into guests whose disks are files of this machine. */
  inspectImages(connection: Connection): GuestInspector;
  /** Tests whether guests can be converted, and seen to boot, on this machine. */
  checkGuestTools(signal: AbortSignal): AsyncIterable<Check>;
  queue(limits: QueueLimits): JobQueue;
  /** The disks that a migration left in a folder. */
  keptDisks(folder: string): KeptDisks;
  hasher(): DiskHasher;
  /** Workers that look at claims of a cluster. @throws MigrationError `cluster-not-configured`, `config-invalid` */
  openLooks(access: ClusterAccess, workers: { readonly image: string; readonly settings?: string }): Promise<ClaimLooks>;
}

export interface Terminal {
  /** Reports. */
  out(text: string): void;
  /** Resolves when the reader of `out` has caught up; absent where writing never waits. */
  readonly drained?: () => Promise<void>;
  /** Everything else. */
  err(text: string): void;
  /** Whether `err` is a terminal that can redraw. */
  readonly live: boolean;
  /** Of a terminal that can redraw, as it is now; undefined where there is none. */
  readonly size?: (stream: 'out' | 'err') => Size | undefined;
}

/** Characters and lines. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}
