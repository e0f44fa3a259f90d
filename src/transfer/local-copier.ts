/**
 * The DiskCopier of one machine: disks from files and servers to raw files and block devices. This room moves bytes and nothing else: it
 * knows no VM, no cluster and no provider, it is the sole home of p-queue and qemu-img, and it trusts no name found inside an image.
 *
 *   open the source (ways/) → open target and journal → fill → read the target back and repair → publish → forget the journal
 *
 * The journal of a target that deltas came to stays until it is told to be forgotten: its migration may go back to its source. So do the hashes of one
 * that will be changed where it is: with them its new root needs no reading of all of it (proof/kept-hashes.ts, rehash.ts).
 *
 * The way of one disk is chosen in copy-source.ts; blocks are moved by engine/, the target is in writers/, the proof in proof.ts.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Bandwidth } from '../contracts/bandwidth.ts';
import type { Clock } from '../contracts/clock.ts';
import type { CopyOptions, DiskCopier } from '../contracts/disk-copier.ts';
import { MigrationError } from '../model/errors.ts';
import type { PlannedTransfer, TransferJob, TransferResult } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import { BlockWorkers } from './blocks/workers.ts';
import { checkCanceled } from './cancellation.ts';
import { measureSource, openWay } from './copy-source.ts';
import { HashThread } from './digests/hash-thread.ts';
import { takePublished, trustEarlier } from './earlier.ts';
import { BufferPool } from './engine/buffers.ts';
import { passId } from './engine/pass-id.ts';
import {
  isThere,
  isWorthKeeping,
  type JobTarget,
  journalPath,
  keepForChange,
  openJobTarget,
  removeJournal,
} from './job-target.ts';
import { FileJournalStore } from './journal/file-store.ts';
import { UNLIMITED } from './limits/bandwidth.ts';
import { located } from './located.ts';
import { lookAgain } from './look-again.ts';
import { proveTarget, sealed } from './prove-target.ts';
import { watchSource } from './source-watch.ts';
import { checkSpace } from './space.ts';
import { Origins } from './transports/http/origins.ts';
import type { VddkSetup } from './transports/vddk/library.ts';
import { allocatedIn } from './ways/reader-way.ts';
import type { Run, Shared, Way } from './ways/way.ts';
import { askWhatChanged } from './ways/what-changed.ts';
import { openWorkspace } from './workspace.ts';
import { forgetCache } from './writers/forget-cache.ts';

export interface LocalDiskCopierOptions {
  readonly clock: Clock;
  /** What may be read from sources; everything when absent. */
  readonly bandwidth?: Bandwidth;
  /** The user's VDDK; needed for disks that are read through it. */
  readonly vddk?: VddkSetup;
  /** Longest silence of a server in milliseconds, by the machine's own clock; 20 s when absent, a minute for exports. */
  readonly patience?: number;
}

export class LocalDiskCopier implements DiskCopier {
  readonly #shared: Shared;
  /** Final paths that are being written by this process. */
  readonly #busy = new Set<string>();

  constructor({ clock, bandwidth = UNLIMITED, vddk = {}, patience }: LocalDiskCopierOptions) {
    const silence = patience === undefined ? {} : { patience };
    const origins = new Origins({ clock, ...silence });
    const pools = { workers: new BlockWorkers(), buffers: new BufferPool(), hashes: new HashThread() };
    this.#shared = { clock, bandwidth, vddk, origins, ...pools, ...silence };
  }

  async preflight(jobs: readonly PlannedTransfer[], signal: AbortSignal): Promise<{ readonly needed: Bytes }> {
    const paths = new Set<string>();
    for (const { target } of jobs) {
      if (paths.has(path.resolve(target.path))) throw taken(target.path);
      paths.add(path.resolve(target.path));
    }
    return { needed: await checkSpace(jobs, measureJob, signal) };
  }

  async copy(job: TransferJob, options: CopyOptions): Promise<TransferResult> {
    checkCanceled(options.signal);
    const final = await resolveTarget(job.target.path);
    if (this.#busy.has(final)) throw taken(job.target.path);
    this.#busy.add(final);
    const started = this.#shared.clock.now();
    try {
      await using workspace = await openWorkspace();
      await using _ = this.#shared.workers.lease();
      // How much a delta brings is known later.
      if (job.delta === undefined) this.#shared.workers.expect(job.source.capacity);
      const run = { ...this.#shared, job, options, workspace };
      const result = (await trustEarlier(run, final)) ?? (await transfer(run, final));
      return { ...result, seconds: (this.#shared.clock.now() - started) / 1000 };
    } catch (error) {
      throw located(error, job, options.signal);
    } finally {
      this.#busy.delete(final);
    }
  }

  async forget({ target }: Pick<TransferJob, 'disk' | 'target'>): Promise<void> {
    const final = await resolveTarget(target.path);
    const journal = journalPath({ target }, final);
    await removeJournal(new FileJournalStore(journal), journal);
  }
}

type Transferred = Omit<TransferResult, 'seconds'>;

async function transfer(begun: Run, final: string): Promise<Transferred> {
  const { job, options } = begun;
  await using asked = askWhatChanged(begun);
  const run: Run = asked === undefined ? begun : { ...begun, changed: asked.changed };
  const watch = await watchSource(job.source);
  const id = passId(job, watch.state);
  const published = await takePublished(run, final, id);
  if (published !== undefined) return published;
  const onto = { path: final, passId: id, signal: options.signal };
  // What an earlier pass has left open can be opened while the source is: nothing of it is made anew.
  const opening = job.delta !== undefined && (await isThere(journalPath(job, final))) ? openJobTarget(job, onto) : undefined;
  opening?.catch(() => undefined);
  await using way = await openWayOr(run, opening);
  await using target = await (opening ?? openJobTarget(job, onto));
  const { writer, journal, complete } = target;
  try {
    const touched = journal.closed ? await lookAgain(run, target) : 0;
    const filled = complete && touched === 0 ? { ...RESUMED, allocated: allocatedIn(journal.hashes) } : await way.fill(target);
    await watch.check();
    const told = { job: job.id, size: job.source.capacity, ...filled };
    if (job.staysOpen === true) {
      const mended = job.verify ? await proveTarget(run, way, target) : 0;
      if (journal.pass?.ended !== true) await journal.end(() => writer.sync());
      return { ...told, passes: journal.passes, ...(mended > 0 && { repaired: { target: mended, source: 0 } }) };
    }
    const passes = journal.passes + (journal.pass?.ended === true ? 0 : 1);
    const source = job.recheckSource === true ? await readAgain(way, { target, files: watch.files, signal: options.signal }) : 0;
    const mended = job.verify ? await proveTarget(run, way, target) : 0;
    await watch.check();
    checkCanceled(options.signal);
    if (job.delta !== undefined) await target.handOut();
    const mark = await writer.publish(job.source.capacity);
    if (job.delta === undefined) await target.forget();
    await keepForChange(job, { final, hashes: journal.hashes });
    const repaired = { target: mended, source };
    return {
      ...told,
      passes,
      ...(job.verify && { proof: sealed(journal.hashes, filled.allocated) }),
      ...(repaired.target + repaired.source > 0 ? { repaired } : {}),
      ...(mark === undefined ? {} : { target: mark }),
    };
  } catch (error) {
    if (id === undefined || !isWorthKeeping(journal, error, job.source.kind)) await target.discard();
    throw error;
  }
}

/** Where the source cannot be opened, the target is closed again; one that holds nothing is removed. */
async function openWayOr(run: Run, opening: Promise<JobTarget> | undefined): Promise<Way> {
  try {
    return await openWay(run);
  } catch (error) {
    const target = await opening?.catch(() => undefined);
    if (target?.journal.passes === 0 && !isWorthKeeping(target.journal, error, run.job.source.kind)) await target.discard();
    await target?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** The second reading of local files is to come from their medium, not from the memory of the first one. */
async function readAgain(
  way: Way,
  { target, files, signal }: { readonly target: JobTarget; readonly files: readonly string[]; readonly signal: AbortSignal },
): Promise<number> {
  for (const file of files) await forgetCache(file, signal);
  return await way.recheck(target);
}

const RESUMED = { moved: 0, transport: 'journal: an earlier run had copied everything' } as const;

/** What a disk will occupy, with its place in the error when that cannot be told. */
async function measureJob(job: PlannedTransfer, signal: AbortSignal): Promise<Bytes> {
  try {
    return await measureSource(job.source, signal);
  } catch (error) {
    throw located(error, job, signal);
  }
}

/** The final path with every link in its folder resolved: one file has one name here. */
async function resolveTarget(file: string): Promise<string> {
  try {
    return path.join(await realpath(path.dirname(file)), path.basename(file));
  } catch (cause) {
    throw new MigrationError('target-write-failed', 'The target folder cannot be entered.', { file: path.dirname(file), cause });
  }
}

function taken(file: string): MigrationError {
  return new MigrationError('target-occupied', 'Two disks have the same target.', { file });
}
