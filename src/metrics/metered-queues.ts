import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../contracts/clock.ts';
import type { JobQueue } from '../contracts/job-queue.ts';

/** Seconds. */
const WAITS = [0.1, 1, 10, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200];

interface Jobs {
  /** When each that waits came, in milliseconds since the epoch; in the order in which they came. */
  readonly waiting: Map<symbol, number>;
  running: number;
}

/** Decorates the queues that hold work back for the sake of limits. All queues of a name are one in the figures. */
export class MeteredQueues {
  readonly #clock: Clock;
  readonly #all = new Map<string, Jobs>();
  readonly #wait: Histogram<'queue'>;

  constructor(registry: Registry, clock: Clock) {
    this.#clock = clock;
    const all = this.#all;
    const about = { labelNames: ['queue'] as const, registers: [registry] };
    this.#wait = new Histogram({
      name: 'kubeferry_queue_wait_seconds',
      help: 'Time that a VM or a transfer waited until limits let it begin.',
      buckets: WAITS,
      ...about,
    });
    const gauges: readonly (readonly [name: string, help: string, value: (jobs: Jobs) => number])[] = [
      ['kubeferry_queue_waiting', 'VMs or transfers that wait because of limits.', ({ waiting }) => waiting.size],
      ['kubeferry_queue_running', 'VMs or transfers that limits let in.', ({ running }) => running],
      [
        'kubeferry_queue_oldest_wait_seconds',
        'How long the one that came first has been waiting.',
        ({ waiting }) => {
          const [first] = waiting.values();
          return first === undefined ? 0 : (clock.now() - first) / 1000;
        },
      ],
    ];
    for (const [name, help, value] of gauges) {
      new Gauge({
        name,
        help,
        ...about,
        collect() {
          for (const [queue, jobs] of all) this.set({ queue }, value(jobs));
        },
      });
    }
  }

  measure(queue: string, inner: JobQueue): JobQueue {
    const jobs = this.#jobsOf(queue);
    return {
      submit: (key, work, signal, admission) => {
        const ticket = Symbol(key);
        jobs.waiting.set(ticket, this.#clock.now());
        const begin = async () => {
          this.#wait.observe({ queue }, (this.#clock.now() - (jobs.waiting.get(ticket) ?? 0)) / 1000);
          jobs.waiting.delete(ticket);
          jobs.running += 1;
          try {
            return await work();
          } finally {
            jobs.running -= 1;
          }
        };
        // Who gives up, or is there already under this key, waits no longer by the time the promise is settled.
        return inner.submit(key, begin, signal, admission).finally(() => jobs.waiting.delete(ticket));
      },
      limit: (limits) => inner.limit(limits),
    };
  }

  #jobsOf(queue: string): Jobs {
    const known = this.#all.get(queue);
    if (known !== undefined) return known;
    const jobs = { waiting: new Map(), running: 0 };
    this.#all.set(queue, jobs);
    this.#wait.zero({ queue });
    return jobs;
  }
}
