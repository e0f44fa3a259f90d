/** A process that wants to lead: `contender.ts KUBECONFIG IDENTITY`. Prints `leading` when it does; gives the Lease back on SIGTERM. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openCluster } from '../../../src/kube/index.ts';
import { leadWhenElected } from '../../../src/kube/runtime/leader.ts';

const [kubeconfig = '', identity = ''] = process.argv.slice(2);
const clock = {
  now: () => Date.now(),
  sleep: (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal }),
};
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

using cluster = await openCluster({ kubeconfig }, clock);
const outcome = await leadWhenElected(
  {
    client: cluster.client,
    lease: { namespace: 'default', name: 'contest' },
    identity,
    clock,
    timing: { duration: 3000, renewWithin: 2000, every: 200 },
  },
  async (signal) => {
    process.stdout.write('leading\n');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  },
  stop.signal,
);
process.stdout.write(`${outcome}\n`);
