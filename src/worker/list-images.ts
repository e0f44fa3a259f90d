import type { Connection } from '../contracts/provider.ts';
import type { RecordedVm, WorkerOrder } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import type { SourceVm } from '../model/vm.ts';
import { Figures } from './figures.ts';
import { readLogin } from './login.ts';
import type { Services } from './services.ts';

/** Says which VMs the files are and where the bytes of their disks are. What is behind a URL is brought first. @returns how many VMs */
export async function listImages(
  { path, record, fetch }: Extract<WorkerOrder, { readonly kind: 'images' }>,
  services: Services,
  signal: AbortSignal,
): Promise<number> {
  const list = await services.record(record);
  if (fetch !== undefined) {
    const figures = new Figures(services);
    const { trust, credentials } = await readLogin(services);
    const onProgress = (done: number, total: number | undefined): void => figures.tell({ fetched: done, total });
    const { insecure = false } = fetch;
    const login = { ...(credentials && { credentials }), trust: { ...trust, ...(insecure && { insecure }) } };
    await services.fetch(fetch, { ...login, path, onProgress, signal });
  }
  await using connection = await services.connect(path, { signal });
  let vms = 0;
  async function* recorded(): AsyncGenerator<RecordedVm> {
    for await (const vm of connection.vms(signal)) {
      vms += 1;
      yield { vm, disks: await openDisks(connection, vm, signal) };
    }
  }
  await list.keep(recorded(), signal);
  return vms;
}

/** A disk that cannot be opened is no reason to keep quiet about the others. */
async function openDisks(connection: Connection, vm: SourceVm, signal: AbortSignal): Promise<RecordedVm['disks']> {
  const disks: Record<string, RecordedVm['disks'][string]> = {};
  for (const { key } of vm.disks) {
    try {
      disks[key] = { source: await connection.openDisk(vm.ref, key, signal) };
    } catch (error) {
      if (signal.aborted || !(error instanceof MigrationError)) throw error;
      disks[key] = { failure: { code: error.code, message: error.message, hint: error.hint } };
    }
  }
  return disks;
}
