/**
 * Image files on a claim, as a source. Only a Pod of the claim's namespace sees them: a worker reads them and says what is there, and from then on
 * its words are the source. Disks are read by workers that have the files at the same place.
 */
import type { Connection } from '../../contracts/provider.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import type { RecordedVm } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { DiskSource } from '../../model/transfer.ts';
import type { SourceVm, VmRef } from '../../model/vm.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import { unpack } from '../resources/kept-plans.ts';
import { type WorkerJobs, workerName } from './worker-jobs.ts';

export interface ImagesOnClaim {
  readonly claim: string;
  /** File or folder on it. */
  readonly path: string;
}

/**
 * What is on the claim; undefined while a worker looks.
 * @param provider the resource that names the claim
 * @throws MigrationError why the worker failed
 */
export async function openImages(
  jobs: WorkerJobs,
  provider: ResourceName & { readonly generation: number },
  { claim, path }: ImagesOnClaim,
  signal: AbortSignal,
): Promise<Connection | undefined> {
  const name = workerName(provider, `images ${provider.generation}`);
  const record = { namespace: provider.namespace, name };
  const state = await jobs.look(record, signal);
  if (state.kind === 'failed') {
    // The next look begins anew.
    await jobs.remove(record);
    throw state.error;
  }
  if (state.kind === 'done') return new RecordedConnection(provider.name, await unpack<RecordedVm[]>(state.result));
  if (state.kind === 'none') {
    const below = path === '.' ? WORKER_PATHS.source : `${WORKER_PATHS.source}/${path}`;
    await jobs.start(
      { name, owner: provider, namespace: provider.namespace, sourceClaim: claim },
      { kind: 'images', record, path: below },
      signal,
    );
  }
  return undefined;
}

class RecordedConnection implements Connection {
  readonly name: string;
  readonly #vms: readonly RecordedVm[];

  constructor(name: string, vms: readonly RecordedVm[]) {
    this.name = name;
    this.#vms = vms;
  }

  async *vms(): AsyncGenerator<SourceVm> {
    for (const { vm } of this.#vms) yield vm;
  }

  surroundings(): Promise<Omit<Inventory, 'vms'>> {
    return Promise.resolve({ networks: [], storages: [], hosts: [] });
  }

  openDisk(ref: VmRef, diskKey: string): Promise<DiskSource> {
    const disk = this.#vms.find(({ vm }) => vm.ref.id === ref.id)?.disks[diskKey];
    if (disk === undefined) throw new MigrationError('vm-not-found', `${ref.name} has no disk ${diskKey} any more.`);
    if ('source' in disk) return Promise.resolve(disk.source);
    const { code, message, hint } = disk.failure;
    throw new MigrationError(code, message, { hint });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
