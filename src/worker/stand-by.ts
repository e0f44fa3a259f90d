import type { WorkerOrder } from '../contracts/worker-order.ts';
import { WORKER_PATHS } from '../model/worker-paths.ts';
import type { Services } from './services.ts';

/** Milliseconds between two looks for the order: it lies in memory. */
const LOOK_EVERY = 100;

type Needs = Pick<Services, 'read' | 'clock' | 'log'>;

/**
 * The mounted order. Where that is to stand by, the one that takes its place; or still the same, when its time is over.
 * @throws the reason of the signal
 */
export async function orderOf(services: Needs, signal: AbortSignal): Promise<WorkerOrder> {
  const { clock, log } = services;
  const first = await mountedOrder(services);
  if (first === undefined) throw new Error(`${WORKER_PATHS.order} is not there: this program runs in a worker's Pod`);
  if (first.kind !== 'stand-by') return first;
  log.info({ seconds: first.seconds }, 'standing by');
  const end = clock.now() + first.seconds * 1000;
  // While a file is replaced it may be gone for a moment.
  for (let order: WorkerOrder = first; ; order = (await mountedOrder(services)) ?? order) {
    const isCalled = order.kind !== 'stand-by';
    if (isCalled || clock.now() >= end) {
      log.info({ order: order.kind }, isCalled ? 'called' : 'nobody called in time');
      return order;
    }
    await clock.sleep(LOOK_EVERY, signal);
  }
}

async function mountedOrder({ read }: Pick<Needs, 'read'>): Promise<WorkerOrder | undefined> {
  const text = await read(WORKER_PATHS.order);
  return text === undefined ? undefined : JSON.parse(text);
}
