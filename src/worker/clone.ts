import type { WorkerOrder } from '../contracts/worker-order.ts';
import { WORKER_PATHS } from '../model/worker-paths.ts';
import type { Services } from './services.ts';

/** Makes a whole disk for a test: a copy of another claim's, or of what was cloned with its claim. */
export async function clone(
  { block, copies }: Extract<WorkerOrder, { readonly kind: 'clone' }>,
  services: Services,
  signal: AbortSignal,
): Promise<'cloned'> {
  const place = (folder: string, device: string) => ({ block, path: block ? device : `${folder}/disk.img` });
  const from = copies ? place(WORKER_PATHS.kept, WORKER_PATHS.keptDevice) : undefined;
  await services.clone(from, place(WORKER_PATHS.disk, WORKER_PATHS.device), signal);
  return 'cloned';
}
