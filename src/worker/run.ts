import type { WorkerFailure, WorkerOrder } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import { WORKER_PATHS } from '../model/worker-paths.ts';
import { listImages } from './list-images.ts';
import type { Services } from './services.ts';
import { transfer } from './transfer.ts';

/** 0 done; 2 failed, and trying again does not help before something is mended; 3 failed; 143 asked to end. */
export type WorkerExit = 0 | 2 | 3 | 143;

/** Time for the last words of a worker that is asked to end, in milliseconds. */
const LAST_WORDS_MS = 15_000;

/** Carries out the mounted order. A bug is thrown on with its stack. */
export async function run(services: Services, signal: AbortSignal): Promise<WorkerExit> {
  const text = await services.read(WORKER_PATHS.order);
  if (text === undefined) throw new Error(`${WORKER_PATHS.order} is not there: this program runs in a worker's Pod`);
  const order: WorkerOrder = JSON.parse(text);
  const record = await services.record(order.record);
  try {
    const result =
      order.kind === 'transfer' ? await transfer(order, record, services, signal) : await listImages(order, services, signal);
    await record.put({ result }, AbortSignal.timeout(LAST_WORDS_MS));
    return 0;
  } catch (error) {
    if (signal.aborted) return 143;
    if (!(error instanceof MigrationError)) throw error;
    const { code, message, hint } = error;
    services.log.error({ code, cause: String(error.cause ?? '') }, message);
    await services.lastWord(`${code}: ${message}`);
    const failure: WorkerFailure = { code, message, hint };
    await record.put({ failure: JSON.stringify(failure) }, AbortSignal.timeout(LAST_WORDS_MS));
    return error.disposition === 'stalled' ? 2 : 3;
  }
}
