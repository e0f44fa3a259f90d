/**
 * Image files on a claim, as a source. Only a Pod of the claim's namespace sees them: a worker reads them and says what is there, and from then on
 * its words are the source. Disks are read by workers that have the files at the same place.
 */
import type { Connection } from '../../contracts/provider.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import type { RecordedVm, RemoteFile } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { DiskSource } from '../../model/transfer.ts';
import type { SourceVm, VmRef } from '../../model/vm.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { forgetEarlier, forgetRecord, readRecord } from './image-record.ts';
import { sourceClaim } from './source-claim.ts';
import { type WorkerJobs, workerName } from './worker-jobs.ts';

export interface ImagesOnClaim {
  readonly claim: string;
  /** File or folder on it. */
  readonly path: string;
  /** Brought to `path` first. */
  readonly fetch?: RemoteFile;
  /** Secret for it: user, password, `ca.crt`, `thumbprint`, each where needed. */
  readonly secret?: string;
}

/**
 * What is on the claim; undefined while a worker looks.
 * @param provider the resource that names the claim
 * @throws MigrationError why the worker failed
 */
export async function openImages(
  { client, jobs }: { readonly client: KubeClient; readonly jobs: WorkerJobs },
  provider: ResourceName & { readonly generation: number },
  { claim, path, fetch, secret }: ImagesOnClaim,
  signal: AbortSignal,
): Promise<Connection | undefined> {
  const { generation, ...owner } = provider;
  const name = workerName(owner, `images ${generation}`);
  const ref = { namespace: owner.namespace, name };
  const record = { name, owner };
  const state = await jobs.look(ref, signal);
  if (state.kind === 'running' || state.kind === 'ending') return undefined;
  if (state.kind === 'failed') {
    // The next look begins anew.
    await forgetRecord(client, record, signal);
    await jobs.remove(ref);
    throw state.error;
  }
  const vms = await readRecord(client, record, signal);
  if (vms !== undefined) {
    await forgetEarlier(client, record, signal);
    return new RecordedConnection(provider.name, vms);
  }
  // It ended, and somebody removed what it wrote.
  if (state.kind === 'done') await jobs.remove(ref);
  const below = path === '.' ? WORKER_PATHS.source : `${WORKER_PATHS.source}/${path}`;
  const source = { ...(await sourceClaim(client, { ...ref, name: claim }, signal)), writable: fetch !== undefined };
  const order = { kind: 'images', record, path: below, ...(fetch !== undefined && { fetch }) } as const;
  await jobs.start({ ...ref, owner, source, order, ...(secret !== undefined && { secret }) }, signal);
  return undefined;
}

class RecordedConnection implements Connection {
  readonly name: string;
  readonly #vms: ReadonlyMap<string, RecordedVm>;

  constructor(name: string, vms: readonly RecordedVm[]) {
    this.name = name;
    this.#vms = new Map(vms.map((recorded) => [recorded.vm.ref.id, recorded]));
  }

  async *vms(): AsyncGenerator<SourceVm> {
    for (const { vm } of this.#vms.values()) yield vm;
  }

  surroundings(): Promise<Omit<Inventory, 'vms'>> {
    return Promise.resolve({ networks: [], storages: [], hosts: [] });
  }

  openDisk(ref: VmRef, diskKey: string): Promise<DiskSource> {
    const disk = this.#vms.get(ref.id)?.disks[diskKey];
    if (disk === undefined) throw new MigrationError('vm-not-found', `${ref.name} has no disk ${diskKey} any more.`);
    if ('source' in disk) return Promise.resolve(disk.source);
    const { code, message, hint } = disk.failure;
    throw new MigrationError(code, message, { hint });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
