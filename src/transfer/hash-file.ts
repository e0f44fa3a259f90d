/** Hashes raw files that an earlier process finished. */
import type { DiskHasher } from '../contracts/verification.ts';
import type { TransferJob } from '../model/transfer.ts';
import { BlockWorkers } from './blocks/workers.ts';
import { checkCanceled } from './cancellation.ts';
import { located } from './located.ts';
import { hashTarget } from './proof.ts';
import { openWorkspace } from './workspace.ts';

export class FileHasher implements DiskHasher {
  readonly #workers = new BlockWorkers();

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
      throw located(error, job, signal);
    }
  }
}
