import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../contracts/clock.ts';

/** What limits hold back. */
export type Held = 'vm' | 'transfer';

export interface Admissions {
  waits(what: Held, id: string): void;
  /** @param limit kind of the limit that has no room, one of few words */
  held(what: Held, id: string, limit: string): void;
  begins(what: Held, id: string): void;
  givesUp(what: Held, id: string): void;
  ends(what: Held, id: string): void;
}

/** Seconds. */
const WAITS = [0.1, 1, 10, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200];
/** Of what never had to wait. */
const NO_LIMIT = 'none';
const QUEUES = { vm: 'vms', transfer: 'transfers' } as const;

interface Waiting {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly limit: string;
}

interface Line {
  /** By id, in the order in which they came. */
  readonly waiting: Map<string, Waiting>;
  running: number;
}

/** How much waits for limits, for how long and for which kind of limit. */
export function measureAdmissions(registry: Registry, clock: Clock): Admissions {
  const lines: Readonly<Record<Held, Line>> = {
    vm: { waiting: new Map(), running: 0 },
    transfer: { waiting: new Map(), running: 0 },
  };
  const registers = [registry];
  const wait = new Histogram({
    name: 'kubeferry_queue_wait_seconds',
    help: 'Time that VMs and transfers waited until limits let them begin, by the last limit that had no room; none: they did not wait.',
    labelNames: ['queue', 'limit'],
    buckets: WAITS,
    registers,
  });
  new Gauge({
    name: 'kubeferry_queue_waiting',
    help: 'VMs and transfers that wait, by the kind of limit that has no room.',
    labelNames: ['queue', 'limit'],
    registers,
    collect() {
      this.reset();
      for (const [what, { waiting }] of entries(lines)) {
        this.set({ queue: QUEUES[what], limit: NO_LIMIT }, 0);
        for (const { limit } of waiting.values()) this.inc({ queue: QUEUES[what], limit });
      }
    },
  });
  new Gauge({
    name: 'kubeferry_queue_running',
    help: 'VMs and transfers that limits let in.',
    labelNames: ['queue'],
    registers,
    collect() {
      for (const [what, { running }] of entries(lines)) this.set({ queue: QUEUES[what] }, running);
    },
  });
  new Gauge({
    name: 'kubeferry_queue_oldest_wait_seconds',
    help: 'How long the one that came first has been waiting.',
    labelNames: ['queue'],
    registers,
    collect() {
      for (const [what, { waiting }] of entries(lines)) {
        const [first] = waiting.values();
        this.set({ queue: QUEUES[what] }, first === undefined ? 0 : (clock.now() - first.since) / 1000);
      }
    },
  });
  for (const queue of Object.values(QUEUES)) wait.zero({ queue, limit: NO_LIMIT });

  return {
    waits: (what, id) => lines[what].waiting.set(id, { since: clock.now(), limit: NO_LIMIT }),
    held: (what, id, limit) => {
      const known = lines[what].waiting.get(id);
      if (known !== undefined) lines[what].waiting.set(id, { ...known, limit });
    },
    begins: (what, id) => {
      const { since, limit } = lines[what].waiting.get(id) ?? { since: clock.now(), limit: NO_LIMIT };
      wait.observe({ queue: QUEUES[what], limit }, (clock.now() - since) / 1000);
      lines[what].waiting.delete(id);
      lines[what].running += 1;
    },
    givesUp: (what, id) => lines[what].waiting.delete(id),
    ends: (what) => {
      lines[what].running -= 1;
    },
  };
}

function entries(lines: Readonly<Record<Held, Line>>): readonly (readonly [Held, Line])[] {
  return [
    ['vm', lines.vm],
    ['transfer', lines.transfer],
  ];
}
