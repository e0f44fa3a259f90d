/** Hashes raw files and block devices that an earlier process finished. */
import { stat } from 'node:fs/promises';
import type { ChangeHasher, DiskChange, DiskHasher, NewRoot } from '../contracts/verification.ts';
import { MigrationError } from '../model/errors.ts';
import type { Extent, TransferJob } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import { BlockWorkers } from './blocks/workers.ts';
import { checkCanceled, systemCode } from './cancellation.ts';
import { Cells } from './engine/cells.ts';
import { cellPath, dropHashes } from './job-target.ts';
import { located } from './located.ts';
import { StageProgress } from './progress.ts';
import { CellFile } from './proof/cell-file.ts';
import { CELL } from './proof/cell-hashes.ts';
import { hashesPath, readHashes, takeHashes } from './proof/kept-hashes.ts';
import { hashTarget } from './proof.ts';
import { rehash } from './rehash.ts';
import { openWorkspace } from './workspace.ts';
import { deviceSize } from './writers/device-size.ts';
import { forgetCache } from './writers/forget-cache.ts';
import { onTarget } from './writers/target-errors.ts';

export class FileHasher implements ChangeHasher {
  readonly blockSize = CELL;
  readonly #workers = new BlockWorkers();

  async look(path: string): Promise<{ readonly size: Bytes; readonly device: boolean } | undefined> {
    try {
      const found = await stat(path);
      if (found.isFile()) return { size: found.size, device: false };
      return found.isBlockDevice() ? { size: await deviceSize(path), device: true } : undefined;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code === undefined) throw asUnreadable(error, path);
      throw new MigrationError('source-unreadable', `The disk cannot be looked at (${code}).`, { file: path, cause: error });
    }
  }

  async rootOf(
    { id, path, size }: Parameters<DiskHasher['rootOf']>[0],
    { signal, onProgress }: Parameters<DiskHasher['rootOf']>[1],
  ): Promise<string> {
    checkCanceled(signal);
    const job = jobOf({ id, path, size });
    try {
      await using workspace = await openWorkspace();
      await using _ = this.#workers.lease();
      return (await hashTarget(path, { job, workspace, workers: this.#workers, signal, onProgress })).root();
    } catch (error) {
      throw located(asUnreadable(error, path), job, signal);
    }
  }

  async takeHashes(journal: string, into: string): Promise<void> {
    await takeHashes(hashesPath(journal), into);
  }

  async dropHashes(journal: string): Promise<void> {
    await dropHashes(journal).catch(() => undefined);
  }

  async rootAfter(
    disk: Parameters<ChangeHasher['rootAfter']>[0],
    change: DiskChange,
    options: Parameters<ChangeHasher['rootAfter']>[2],
  ): Promise<NewRoot> {
    const { path, size } = disk;
    const hashes = await readHashes(change.hashes, size, change.before);
    if (hashes === undefined) {
      const root = await this.rootOf(disk, options);
      return { root, wholeBecause: 'no hashes of its blocks are left that are those of its copy' };
    }
    const { signal, onProgress } = options;
    const [changed, zeroed] = [cellsOf(change.changed, size), wholeCellsOf(change.zeroed ?? [], size)];
    const progress = new StageProgress({ job: disk.id, stage: 'prove', total: changed.bytes }, onProgress);
    let read = 0;
    const onBytes = (bytes: Bytes): void => {
      read += bytes;
      progress.add(bytes);
    };
    try {
      await forgetCache(path, signal);
      await using known = await CellFile.look(cellPath(change.journal), size);
      await onTarget(path, () => rehash(path, { hashes, changed, zeroed, known, signal, onBytes }));
    } catch (error) {
      throw located(asUnreadable(error, path), jobOf(disk), signal);
    }
    progress.finish();
    return { root: hashes.root(), read };
  }
}

/** Only the target is read: where its bytes once came from does not matter here. */
function jobOf({ id, path, size }: Parameters<DiskHasher['rootOf']>[0]): TransferJob {
  const [vm = '', ...disk] = id.split('/');
  const source = { kind: 'blank', capacity: size } as const;
  return { id, vm, disk: disk.join('/'), source, target: { kind: 'raw-file', path }, verify: true };
}

/** Places that end beyond the disk, on a device that is larger, are no part of what its root says. */
function cellsOf(changed: readonly Extent[], size: Bytes): Cells {
  const cells = new Cells(size);
  for (const extent of changed) if (extent.offset < size) cells.add(extent);
  return cells;
}

/** The same, without cells of which only a part is meant. */
function wholeCellsOf(extents: readonly Extent[], size: Bytes): Cells {
  const whole = extents.map(({ offset, length }) => {
    const [from, end] = [Math.ceil(offset / CELL) * CELL, offset + length];
    return { offset: from, length: (end >= size ? size : Math.floor(end / CELL) * CELL) - from };
  });
  return cellsOf(
    whole.filter(({ length }) => length > 0),
    size,
  );
}

/** Here the disk is not written but looked at. */
function asUnreadable(error: unknown, file: string): unknown {
  if (!(error instanceof MigrationError) || error.code !== 'target-write-failed') return error;
  const code = systemCode(error.cause);
  const message = code === undefined ? error.message : `The disk cannot be read (${code}).`;
  return new MigrationError('source-unreadable', message, { file, cause: error.cause });
}
