/** What a job runs with, and what a way of bringing a source's bytes onto a target gives. */
import type { Bandwidth } from '../../contracts/bandwidth.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { CopyOptions } from '../../contracts/disk-copier.ts';
import type { SourceAccess } from '../../contracts/source-access.ts';
import { MigrationError } from '../../model/errors.ts';
import type { TransferJob } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import type { BlockWorkers } from '../blocks/workers.ts';
import type { HashThread } from '../digests/hash-thread.ts';
import type { BufferPool } from '../engine/buffers.ts';
import type { Cells } from '../engine/cells.ts';
import type { JobTarget } from '../job-target.ts';
import { StageProgress } from '../progress.ts';
import type { Origins } from '../transports/http/origins.ts';
import type { VddkSetup } from '../transports/vddk/library.ts';
import type { Workspace } from '../workspace.ts';

/** What all jobs of a process share. */
export interface Shared {
  readonly clock: Clock;
  readonly workers: BlockWorkers;
  readonly buffers: BufferPool;
  readonly origins: Origins;
  readonly hashes: HashThread;
  /** What may be read from sources. */
  readonly bandwidth: Bandwidth;
  /** Where VDDK is, for disks that come that way. */
  readonly vddk: VddkSetup;
  /** Longest silence of a server that exports a disk, in milliseconds. */
  readonly patience?: number;
}

/** What one job runs with. */
export interface Run extends Shared {
  readonly job: TransferJob;
  readonly options: CopyOptions;
  readonly workspace: Workspace;
  /** What changed since the job's checkpoint: asked for while everything else is opened. @see askWhatChanged */
  readonly changed?: Promise<Cells>;
}

/** A source that was opened. Disposing of it closes it. */
export interface Way extends AsyncDisposable {
  /** Brings onto the target what its journal does not hold as done. Committed when it resolves. */
  fill(target: JobTarget): Promise<Filled>;
  /** Brings dirty blocks onto a target that was filled, and commits them. */
  repair(target: JobTarget): Promise<void>;
  /** Reads the source a second time, and brings what was read wrongly. Returns how many blocks. */
  recheck(target: JobTarget): Promise<number>;
}

export interface Filled {
  /** Bytes that the source holds. */
  readonly allocated: Bytes;
  /** Bytes that came from it now. */
  readonly moved: Bytes;
  /** How they came, with a word on why. */
  readonly transport: string;
  /** @see TransferResult.compared */
  readonly compared?: string;
}

/** @throws MigrationError `disk-unreachable` */
export function accessOf({ options: { access }, job: { source } }: Run): SourceAccess {
  if (access !== undefined) return access;
  throw new MigrationError('disk-unreachable', `There is no connection to the source of this disk (${source.kind}).`);
}

export function copyProgress({ job, options }: Run, total: Bytes): StageProgress {
  return new StageProgress({ job: job.id, stage: 'copy', total }, options.onProgress);
}
