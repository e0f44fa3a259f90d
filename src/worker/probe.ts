import type { ProbesTold, WorkerOrder } from '../contracts/worker-order.ts';
import type { Services } from './services.ts';

/** Milliseconds between two lines that differ in nothing but why a guest does not answer. */
const TELL_EVERY = 1000;

/** Asks a guest, all questions side by side. What is not answered in time is no failure of the worker. */
export async function probe(
  { asked, seconds }: Extract<WorkerOrder, { readonly kind: 'probe' }>,
  services: Services,
  signal: AbortSignal,
): Promise<ProbesTold> {
  const { clock } = services;
  const told = new Map<number, ProbesTold['probes'][number]>();
  const now = (): ProbesTold => ({ probes: [...told.values()] });
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (): void => {
    toldAt = clock.now();
    services.tell(JSON.stringify(now()));
  };
  const over = AbortSignal.timeout(seconds * 1000);
  const limit = AbortSignal.any([signal, over]);
  await Promise.all(
    asked.map(async ({ index, host, probe: question }) => {
      const onRefusal = (why: string): void => {
        told.set(index, { index, refusal: why.slice(0, 200) });
        if (clock.now() - toldAt >= TELL_EVERY) tell();
      };
      try {
        told.set(index, { index, answer: (await services.ask(host, question, { signal: limit, onRefusal })).slice(0, 200) });
        tell();
      } catch (error) {
        if (signal.aborted || !over.aborted) throw error;
      }
    }),
  );
  return now();
}
