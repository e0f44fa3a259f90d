/**
 * The target of a job with its journal, as an earlier run left them or new. A half target is taken up again only together with a journal
 * that speaks of the same state of the same source; with any other one, or none, it begins anew.
 */
import { randomUUID } from 'node:crypto';
import { lstat, rm } from 'node:fs/promises';
import { MigrationError } from '../model/errors.ts';
import { type DiskSource, journalOf, type TransferJob } from '../model/transfer.ts';
import { Cells } from './engine/cells.ts';
import type { PassPlan } from './engine/plan.ts';
import { openJournal } from './journal/disk-journal.ts';
import { FileJournalStore } from './journal/file-store.ts';
import type { TargetJournal } from './journal/journal.ts';
import type { BlockHashes } from './proof/block-hashes.ts';
import { BlockTags } from './proof/block-tags.ts';
import { CellFile, type KnownCells } from './proof/cell-file.ts';
import { hashesPath, keepHashes } from './proof/kept-hashes.ts';
import { openBlockDevice } from './writers/block-device.ts';
import { openRawFile, takeBack } from './writers/raw-file.ts';
import type { DiskWriter, OpenedWriter } from './writers/writer.ts';

export interface JobTarget extends AsyncDisposable {
  readonly writer: DiskWriter;
  readonly journal: TargetJournal;
  /** Where blocks are tagged, for their read back; when this job reads back. */
  readonly tags: BlockTags | undefined;
  /** Cells of the disk; when more passes come, or have come. */
  readonly known: KnownCells | undefined;
  /** What this process has written; when this job reads back. */
  readonly written: Cells | undefined;
  /** What the job's pass is on this target. */
  readonly kind: PassPlan['kind'];
  /** The journal's pass is the job's one, and was ended: there is nothing left to copy. */
  readonly complete: boolean;
  /**
   * Says that the target is handed out. The journal stays, so that a migration that goes back to its source after all brings no more than what
   * changed.
   */
  handOut(): Promise<void>;
  /** Removes the journal: the target needs it no more. */
  forget(): Promise<void>;
  /** Removes everything but a finished file. */
  discard(): Promise<void>;
}

export interface JobTargetOptions {
  /** The target's path with every link in its folder resolved. */
  readonly path: string;
  /** Tells the state of the source; undefined when that cannot be told: then nothing of an earlier run is used. */
  readonly passId: string | undefined;
  readonly signal: AbortSignal;
}

/** Beside the journal. */
export function cellPath(journal: string): string {
  return `${journal}.cells`;
}

/** Where the journal of a job is kept. */
export function journalPath({ target }: Pick<TransferJob, 'target'>, path: string): string {
  return journalOf({ ...target, path });
}

/**
 * Opens the target and begins the job's pass, or goes on with it.
 * @throws MigrationError `target-full`, `target-write-failed`, `target-occupied`, `space-insufficient`, `canceled`
 */
export async function openJobTarget(job: TransferJob, options: JobTargetOptions): Promise<JobTarget> {
  const { path, passId, signal } = options;
  const place = journalPath(job, path);
  const store = new FileJournalStore(place);
  let journal = await openOwnJournal(store, job);
  let writer: OpenedWriter | undefined;
  try {
    const keep = journal.pass === undefined ? journal.blanked : mayGoOn(job, journal, passId);
    if (!keep && journal.pass !== undefined) journal = await renew(journal, store, job);
    if (journal.closed && job.target.kind === 'raw-file') await takeBack(path, job.source.capacity);
    writer = await openWriter(job, path, { keep, signal });
    if (!writer.resumed) {
      if (journal.pass !== undefined || journal.blanked) journal = await renew(journal, store, job);
      await journal.markBlanked();
    }
    const kind = kindOf(job, journal, passId);
    const complete = journal.pass?.ended === true && journal.pass.id === passId && !hasBlock(journal, 'dirty');
    if (!complete) await journal.begin({ id: passId ?? randomUUID(), kind: kind === 'first' ? 'full' : 'delta' });
    const cells = cellPath(place);
    const warm = job.staysOpen === true || kind === 'delta';
    const known = warm ? await CellFile.open(cells, job.source.capacity) : undefined;
    // What the last pass brings is left out where nobody changes it next: whoever goes on from it after all has the blocks on the target.
    const asked = job.staysOpen === true || job.keepsHashes === true ? known : known && { recall: known.recall.bind(known) };
    const [tags, written] = job.verify ? [new BlockTags(), new Cells(job.source.capacity)] : [];
    return {
      writer,
      journal,
      tags,
      known: asked,
      written,
      kind,
      complete,
      ...endings({ job, writer, journal, store, known, place }),
    };
  } catch (error) {
    await journal[Symbol.asyncDispose]();
    if (writer?.resumed === false) {
      await removeJournal(store, place).catch(() => undefined);
      await writer.discard();
    }
    await writer?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** The journal with what stands beside it. */
export async function removeJournal(store: FileJournalStore, journal: string): Promise<void> {
  await store.remove();
  await dropHashes(journal);
}

/** Keeps what a change of the disk in place needs for its new root, where one will come. Nothing else depends on it. */
export async function keepForChange(
  job: Pick<TransferJob, 'target' | 'keepsHashes' | 'verify'>,
  { final, hashes }: { readonly final: string; readonly hashes: BlockHashes },
): Promise<void> {
  if (job.keepsHashes === true && job.verify) await keepHashes(hashesPath(journalPath(job, final)), hashes);
}

/** What was kept of a copy beside its journal, for whoever changes a part of it. */
export async function dropHashes(journal: string): Promise<void> {
  for (const file of [cellPath(journal), hashesPath(journal)]) await rm(file, { force: true });
}

interface Opened {
  readonly job: Pick<TransferJob, 'keepsHashes'>;
  readonly writer: DiskWriter;
  readonly journal: TargetJournal;
  readonly store: FileJournalStore;
  readonly known: CellFile | undefined;
  /** Path of the journal. */
  readonly place: string;
}

function endings({
  job,
  writer,
  journal,
  store,
  known,
  place,
}: Opened): Pick<JobTarget, 'handOut' | 'forget' | 'discard' | typeof Symbol.asyncDispose> {
  const close = async (): Promise<void> => {
    await known?.[Symbol.asyncDispose]();
    await writer[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
  };
  const handOut = async (): Promise<void> => {
    await journal.close();
    // They are large, and only save reading.
    if (job.keepsHashes !== true) await rm(cellPath(place), { force: true });
  };
  const forget = async (): Promise<void> => {
    await journal[Symbol.asyncDispose]();
    await removeJournal(store, place);
  };
  const discard = async (): Promise<void> => {
    // First the journal: without it nobody takes the rest up.
    await forget();
    await writer.discard();
  };
  return { handOut, forget, discard, [Symbol.asyncDispose]: close };
}

/** The journal of this very disk; one of another disk, or a broken one, is replaced. */
export async function openOwnJournal(store: FileJournalStore, job: TransferJob): Promise<TargetJournal> {
  try {
    return await open(store, job);
  } catch (error) {
    if (!(error instanceof MigrationError) || !error.code.startsWith('state-')) throw error;
    await store.remove();
    return await open(store, job);
  }
}

async function renew(journal: TargetJournal, store: FileJournalStore, job: TransferJob): Promise<TargetJournal> {
  await journal[Symbol.asyncDispose]();
  await store.remove();
  return await open(store, job);
}

async function open(store: FileJournalStore, { id, source: { capacity } }: TransferJob): Promise<TargetJournal> {
  return await openJournal({ store, size: capacity, identity: id });
}

/**
 * Whether a next run has something of what is on the target after an error: not when the source itself is at fault, which has to
 * change first, and not when nothing is done. An export is made anew each time: a wrong byte in one is not in the next.
 */
export function isWorthKeeping(journal: TargetJournal, error: unknown, source: DiskSource['kind']): boolean {
  if (journal.passes > 0) return true;
  const blamed = source === 'lease' ? /^(capacity-|source-changed$)/ : /^(image-|gzip-|capacity-|package-|source-changed$)/;
  if (error instanceof MigrationError && blamed.test(error.code)) return false;
  return hasBlock(journal, 'done');
}

function hasBlock(journal: TargetJournal, state: 'done' | 'dirty'): boolean {
  for (let index = 0; index < journal.hashes.count; index += 1) if (journal.stateOf(index) === state) return true;
  return false;
}

export async function isThere(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    () => false,
  );
}

/** A delta goes onto whatever is there; a full pass goes on only where it stopped, on the same state of the source. */
function mayGoOn(job: TransferJob, { pass }: TargetJournal, passId: string | undefined): boolean {
  return job.delta !== undefined || (pass?.kind === 'full' && pass.id === passId);
}

/** A first pass that did not end left something that another state of the source is compared with. */
function kindOf({ delta }: TransferJob, { pass, passes }: TargetJournal, passId: string | undefined): PassPlan['kind'] {
  if (delta !== undefined && passes > 0) return 'delta';
  const goesOn = pass === undefined || (pass.kind === 'full' && pass.id === passId);
  return delta === undefined || goesOn ? 'first' : 'compare';
}

async function openWriter(
  { target, source: { capacity } }: TransferJob,
  path: string,
  { keep, signal }: { readonly keep: boolean; readonly signal: AbortSignal },
): Promise<OpenedWriter> {
  if (target.kind === 'raw-file') return await openRawFile(path, capacity, { keep, signal });
  return await openBlockDevice(path, capacity, { blanked: keep, signal });
}
