import type { WorkerEnd, WorkerOrder } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import { clone } from './clone.ts';
import { convert } from './convert.ts';
import { listImages } from './list-images.ts';
import { probe } from './probe.ts';
import type { Services } from './services.ts';
import { orderOf } from './stand-by.ts';
import { transfer } from './transfer.ts';
import { verify } from './verify.ts';

/** 0 done; 2 failed, and trying again does not help before something is mended; 3 failed; 143 asked to end. */
export type WorkerExit = 0 | 2 | 3 | 143;

/** A termination message has 4096 bytes; what is longer loses its end, and is no JSON any more. */
const LAST_WORD = 4000;

/** Carries out the mounted order. A bug is thrown on with its stack. */
export async function run(services: Services, signal: AbortSignal): Promise<WorkerExit> {
  try {
    const order = await orderOf(services, signal);
    await services.lastWord(lastWord({ result: await carryOut(order, services, signal) }));
    return 0;
  } catch (error) {
    // What was copied until now is in the journal, which the next worker goes on with.
    if (signal.aborted) return 143;
    if (!(error instanceof MigrationError)) throw error;
    const { code, message, hint } = error;
    services.log.error({ code, cause: String(error.cause ?? '') }, message);
    await services.lastWord(lastWord({ failure: { code, message, hint } }));
    return error.disposition === 'stalled' ? 2 : 3;
  }
}

async function carryOut(order: WorkerOrder, services: Services, signal: AbortSignal): Promise<unknown> {
  switch (order.kind) {
    case 'stand-by':
      // Nobody called. Whoever would have finds no result, and starts another one.
      return { unused: true };
    case 'transfer':
      return await transfer(order, services, signal);
    case 'images':
      return await listImages(order, services, signal);
    case 'clone':
      return await clone(order, services, signal);
    case 'probe':
      return await probe(order, services, signal);
    case 'verify':
      return await verify(order, services, signal);
    case 'convert':
      return await convert(order, services, signal);
  }
}

/** The whole end, or one whose texts are cut until it has room. */
export function lastWord(end: WorkerEnd): string {
  for (let longest = LAST_WORD; ; longest = Math.floor(longest / 2)) {
    const text = JSON.stringify(end, (_key, value: unknown) => {
      return typeof value === 'string' && value.length > longest ? `${value.slice(0, longest)}…` : value;
    });
    if (Buffer.byteLength(text) <= LAST_WORD) return text;
  }
}
