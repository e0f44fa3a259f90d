import type { KeptDisk } from '../contracts/verification.ts';
import type { WorkerOrder } from '../contracts/worker-order.ts';
import type { DiskVerdict } from '../model/verification.ts';
import { verifyAll } from '../verify.ts';
import { Figures } from './figures.ts';
import type { Services } from './services.ts';

/** Says whether one disk still is what was sealed: the same look as at a folder, at a list of one. */
export async function verify(
  { disk }: Extract<WorkerOrder, { readonly kind: 'verify' }>,
  services: Services,
  signal: AbortSignal,
): Promise<DiskVerdict> {
  const hasher = services.hasher();
  const figures = new Figures(services);
  const list = async (): Promise<readonly KeptDisk[]> => {
    const found = await hasher.look(disk.path);
    return [{ ...disk, size: found?.size, ...(found?.device && { device: true }) }];
  };
  const { disks } = await verifyAll([], {
    ...{ hasher, signal, clock: services.clock },
    kept: { name: disk.path, list },
    starts: () => undefined,
    moves: figures.tell.bind(figures),
    ends: () => undefined,
  });
  const [verdict] = disks;
  if (verdict === undefined) throw new Error('a list of one has one verdict');
  return verdict;
}
