/** Hashes raw files and block devices that an earlier process finished. */
import { stat } from 'node:fs/promises';
import type { DiskHasher } from '../contracts/verification.ts';
import { MigrationError } from '../model/errors.ts';
import type { TransferJob } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import { BlockWorkers } from './blocks/workers.ts';
import { checkCanceled, systemCode } from './cancellation.ts';
import { located } from './located.ts';
import { CELL } from './proof/cell-hashes.ts';
import { hashTarget } from './proof.ts';
import { openWorkspace } from './workspace.ts';
import { deviceSize } from './writers/device-size.ts';

export class FileHasher implements DiskHasher {
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
    const [vm = '', ...disk] = id.split('/');
    // Only the target is read: where its bytes once came from does not matter here.
    const source = { kind: 'blank', capacity: size } as const;
    const job: TransferJob = { id, vm, disk: disk.join('/'), source, target: { kind: 'raw-file', path }, verify: true };
    try {
      await using workspace = await openWorkspace();
      await using _ = this.#workers.lease();
      return (await hashTarget(path, { job, workspace, workers: this.#workers, signal, onProgress })).root();
    } catch (error) {
      throw located(asUnreadable(error, path), job, signal);
    }
  }
}

/** Here the disk is not written but looked at. */
function asUnreadable(error: unknown, file: string): unknown {
  if (!(error instanceof MigrationError) || error.code !== 'target-write-failed') return error;
  const code = systemCode(error.cause);
  const message = code === undefined ? error.message : `The disk cannot be read (${code}).`;
  return new MigrationError('source-unreadable', message, { file, cause: error.cause });
}
