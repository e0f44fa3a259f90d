/**
 * The DiskCopier of one machine: local image files to raw files. This room moves bytes and nothing else: it knows no VM, no
 * cluster and no provider, it is the sole home of p-queue and qemu-img, and it trusts no name found inside an image.
 *
 *   copy (decoder | qemu-img | stream | blank) ‖ hash source → seal → hash target → prove → publish
 *
 * The ways of one disk are chosen in copy-source.ts; the target is in writers/, the proof in proof.ts.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../contracts/clock.ts';
import type { CopyOptions, DiskCopier } from '../contracts/disk-copier.ts';
import { MigrationError } from '../model/errors.ts';
import type { DiskProof, TransferJob, TransferResult } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import { BlockWorkers } from './blocks/workers.ts';
import { checkCanceled } from './cancellation.ts';
import { type Copied, copySource, measureSource, type Run } from './copy-source.ts';
import { trustEarlier } from './earlier.ts';
import { located } from './located.ts';
import { hashTarget, prove } from './proof.ts';
import { watchSource } from './source-watch.ts';
import { checkSpace } from './space.ts';
import { openWorkspace } from './workspace.ts';
import { openRawFile } from './writers/raw-file.ts';

export class LocalDiskCopier implements DiskCopier {
  readonly #clock: Clock;
  readonly #workers = new BlockWorkers();
  /** Final paths that are being written by this process. */
  readonly #busy = new Set<string>();

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  async preflight(jobs: readonly TransferJob[], signal: AbortSignal): Promise<{ readonly needed: Bytes }> {
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
    try {
      return await this.#run(job, final, options);
    } catch (error) {
      throw located(error, job, options.signal);
    } finally {
      this.#busy.delete(final);
    }
  }

  async #run(job: TransferJob, final: string, options: CopyOptions): Promise<TransferResult> {
    const started = this.#clock.now();
    await using workspace = await openWorkspace();
    const workers = this.#workers;
    await using _ = workers.lease();
    const earlier = options.earlier?.get(job.id);
    if (earlier !== undefined) {
      const trusted = await trustEarlier(earlier, final, { job, workspace, workers, ...options });
      if (trusted !== undefined) return { ...trusted, moved: 0, seconds: (this.#clock.now() - started) / 1000 };
    }
    const watch = await watchSource(job.source);
    const partial = await openRawFile(final, job.source.capacity, { keep: false, signal: options.signal });
    try {
      const run = { job, options, workspace, workers };
      const copied = await copySource(run, partial.path);
      // What the program rounded up to becomes zeros.
      await partial.zero(copied.end, Math.max(0, partial.size - copied.end));
      await partial.sync();
      const proof = copied.hashes === undefined || !job.verify ? undefined : await proveTarget(run, partial.path, copied);
      await watch.check();
      checkCanceled(options.signal);
      const target = await partial.publish(job.source.capacity);
      const { allocated, transport } = copied;
      const seconds = (this.#clock.now() - started) / 1000;
      const result = { job: job.id, size: job.source.capacity, moved: allocated, allocated, seconds, transport, target };
      return proof === undefined ? result : { ...result, proof };
    } finally {
      await partial.discard();
    }
  }
}

async function proveTarget({ job, options, workspace, workers }: Run, file: string, copied: Copied): Promise<DiskProof> {
  if (copied.hashes === undefined) throw new Error('The source was not hashed');
  const { signal, onProgress } = options;
  return prove(copied.hashes, await hashTarget(file, { job, workspace, workers, signal, onProgress }), copied.allocated);
}

/** What a disk will occupy, with its place in the error when that cannot be told. */
async function measureJob(job: TransferJob, signal: AbortSignal): Promise<Bytes> {
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
