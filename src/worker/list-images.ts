import type { Connection } from '../contracts/provider.ts';
import type { RecordedVm, WorkerOrder } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import type { SourceVm } from '../model/vm.ts';
import type { Services } from './services.ts';

/** Says which VMs the files are and where the bytes of their disks are. @returns RecordedVm[], packed */
export async function listImages(
  { path }: Extract<WorkerOrder, { readonly kind: 'images' }>,
  services: Services,
  signal: AbortSignal,
): Promise<string> {
  await using connection = await services.connect(path, { signal });
  const vms: RecordedVm[] = [];
  for await (const vm of connection.vms(signal)) vms.push({ vm, disks: await openDisks(connection, vm, signal) });
  return await services.pack(vms);
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
