import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../contracts/clock.ts';
import type { KeyedWork } from '../contracts/resources.ts';
import type { Program } from './program.ts';

/** Seconds. */
const WAITS = [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];
const LOOKS = [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300];

/** Milliseconds since the epoch, by key. */
interface Keys {
  /** When a key may be looked at; those whose time has come wait for a worker. */
  readonly due: Map<string, number>;
  readonly begun: Map<string, number>;
}

/** Decorates the work of controllers. The queue itself is not asked: what goes in and what comes out says it all. */
export class MeteredWork {
  readonly #clock: Clock;
  readonly #trouble: Program['trouble'];
  readonly #all = new Map<string, Keys>();
  readonly #wait: Histogram<'controller'>;
  readonly #duration: Histogram<'controller'>;
  readonly #retries: Counter<'controller'>;

  constructor(registry: Registry, clock: Clock, trouble: Program['trouble']) {
    this.#clock = clock;
    this.#trouble = trouble;
    const all = this.#all;
    const about = { labelNames: ['controller'] as const, registers: [registry] };
    this.#wait = new Histogram({
      name: 'kubeferry_work_wait_seconds',
      help: 'Time that a key of a controller was due before it was looked at.',
      buckets: WAITS,
      ...about,
    });
    this.#duration = new Histogram({
      name: 'kubeferry_work_duration_seconds',
      help: 'Time that a controller took to look at a key.',
      buckets: LOOKS,
      ...about,
    });
    this.#retries = new Counter({
      name: 'kubeferry_work_retries_total',
      help: 'Looks of a controller that failed; each is made again.',
      ...about,
    });
    new Gauge({
      name: 'kubeferry_work_depth',
      help: 'Keys of a controller that are due and not looked at yet.',
      ...about,
      collect() {
        for (const [controller, { due }] of all) {
          const now = clock.now();
          this.set({ controller }, [...due.values()].filter((at) => at <= now).length);
        }
      },
    });
    new Gauge({
      name: 'kubeferry_work_longest_running_seconds',
      help: 'How long the longest look of a controller has been going on.',
      ...about,
      collect() {
        for (const [controller, { begun }] of all) {
          const first = [...begun.values()].reduce((least, at) => Math.min(least, at), clock.now());
          this.set({ controller }, (clock.now() - first) / 1000);
        }
      },
    });
  }

  measure(controller: string, inner: KeyedWork): KeyedWork {
    const keys: Keys = { due: new Map(), begun: new Map() };
    this.#all.set(controller, keys);
    for (const histogram of [this.#wait, this.#duration]) histogram.zero({ controller });
    this.#retries.inc({ controller }, 0);
    const dueAt = (key: string, at: number): void => {
      keys.due.set(key, Math.min(at, keys.due.get(key) ?? Number.POSITIVE_INFINITY));
    };
    const dueAfter = (key: string, milliseconds: number): void => dueAt(key, this.#clock.now() + milliseconds);
    return {
      add: (key) => {
        dueAfter(key, 0);
        inner.add(key);
      },
      addAfter: (key, milliseconds) => {
        dueAfter(key, milliseconds);
        inner.addAfter(key, milliseconds);
      },
      run: async (options) =>
        await inner.run({
          ...options,
          work: async (key, signal) => {
            const result = await this.#look({ controller, key, ...keys }, async () => await options.work(key, signal));
            if (result !== undefined) dueAfter(key, result.again);
            return result;
          },
          onFailure: (key, error, again) => {
            this.#retries.inc({ controller });
            this.#trouble('controller', error);
            dueAfter(key, again);
            options.onFailure?.(key, error, again);
          },
        }),
    };
  }

  async #look<T>(about: Keys & { readonly controller: string; readonly key: string }, work: () => Promise<T>): Promise<T> {
    const { controller, key, due, begun } = about;
    const now = this.#clock.now();
    this.#wait.observe({ controller }, Math.max(0, now - (due.get(key) ?? now)) / 1000);
    due.delete(key);
    begun.set(key, now);
    try {
      return await work();
    } finally {
      begun.delete(key);
      this.#duration.observe({ controller }, (this.#clock.now() - now) / 1000);
    }
  }
}
