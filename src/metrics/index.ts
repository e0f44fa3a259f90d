/**
 * What the program tells about itself to Prometheus, and the only home of its client library. Everything is fed from outside: by the resources that
 * the operator follows, by decorators of its work and by observers, so that no controller, step or transfer knows that it is measured. Nothing here decides.
 *
 * Names follow prometheus.io/docs/practices/naming: base units, `_total` for counters. No label holds a VM: series grow with plans and providers,
 * never with VMs, and go with the plan or provider that they are about.
 * This is the room's door.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../contracts/clock.ts';
import type { ClusterObserver } from '../contracts/cluster-observer.ts';
import type { KeyedWork } from '../contracts/resources.ts';
import { type Admissions, measureAdmissions } from './admissions.ts';
import { measureCluster } from './cluster-calls.ts';
import type { Fleet } from './fleet.ts';
import { measureFlow } from './flow.ts';
import { MeteredWork } from './metered-work.ts';
import { measureProgram, type Trouble } from './program.ts';
import { measureStanding } from './standing.ts';

export interface MetricsOptions {
  readonly clock: Clock;
  /** Of this program. */
  readonly version: string;
}

export interface Metrics extends ClusterObserver {
  /** Media type of what `render` gives. */
  readonly contentType: string;
  /** All of it, as it is now. */
  render(): Promise<string>;
  /** This process leads from now on. */
  leads(): void;
  /** Something went wrong that somebody tries again. */
  trouble(where: Trouble, error: unknown): void;
  /** The same work, measured. @param controller whose work it is, one of few words */
  work(controller: string, inner: KeyedWork): KeyedWork;
  /** Told how much waits for limits. */
  readonly admissions: Admissions;
  /** Tells about these resources from now on. To be called once, before they are followed. */
  follow(fleet: Fleet): void;
}

export function createMetrics({ clock, version }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const program = measureProgram(registry, version);
  const work = new MeteredWork(registry, clock, program.trouble);
  let refresh = (): void => undefined;
  return {
    contentType: registry.contentType,
    render: async () => {
      refresh();
      return await registry.metrics();
    },
    ...program,
    ...measureCluster(registry),
    work: (controller, inner) => work.measure(controller, inner),
    admissions: measureAdmissions(registry, clock),
    follow: (fleet) => {
      const flow = measureFlow(registry, fleet, { clock, trouble: program.trouble });
      refresh = measureStanding(registry, fleet, flow);
    },
  };
}
