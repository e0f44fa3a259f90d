import { Counter, Histogram, type Registry } from 'prom-client';
import type { ClusterObserver } from '../contracts/cluster-observer.ts';

/** Seconds. */
const LATENCY = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What the API server is asked, and how fast it answers. */
export function measureCluster(registry: Registry): ClusterObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'kubeferry_api_requests_total',
    help: 'Requests to the API server by verb and HTTP status; each attempt counts. Code "none": there was no answer.',
    labelNames: ['verb', 'code'],
    registers,
  });
  const latency = new Histogram({
    name: 'kubeferry_api_request_duration_seconds',
    help: 'Time until the API server answers, by verb. Watches are left out.',
    labelNames: ['verb'],
    buckets: LATENCY,
    registers,
  });
  const turns = new Counter({
    name: 'kubeferry_informer_turns_total',
    help: 'What was done to keep up with a kind: lists begun, their pages, watches begun.',
    labelNames: ['kind', 'turn'],
    registers,
  });
  return {
    answered: ({ verb, status, seconds }) => {
      requests.inc({ verb, code: status ?? 'none' });
      if (verb !== 'watch') latency.observe({ verb }, seconds);
    },
    followed: (kind, turn) => turns.inc({ kind, turn }),
  };
}
