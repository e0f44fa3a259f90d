/** The entry of the operator's container. */
import { hostname } from 'node:os';
import { connect, createLog, createQueue, openOperatorCluster, systemClock } from '../wire.ts';
import { run } from './run.ts';

const log = createLog('info');
const abort = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  });
}

const { KUBEFERRY_IMAGE, KUBEFERRY_NAMESPACE, KUBEFERRY_LOOK_MS = '2000' } = process.env;
if (KUBEFERRY_IMAGE === undefined) {
  log.error({}, 'KUBEFERRY_IMAGE has to name the image of this program, which workers are started from');
  process.exit(2);
}
const cluster = await openOperatorCluster({
  ...(KUBEFERRY_NAMESPACE && { namespace: KUBEFERRY_NAMESPACE }),
  instance: hostname(),
  workers: { image: KUBEFERRY_IMAGE, requests: { cpu: '500m', memory: '512Mi' } },
  lookEvery: Number(KUBEFERRY_LOOK_MS),
  onTrouble: (error: unknown) => log.warn({ cause: String(error) }, 'the cluster gives trouble'),
  signal: abort.signal,
});
const services = { ...cluster, clock: systemClock, log, connect, queue: createQueue };
const ended = await cluster.lead(async (signal) => await run(services, signal), abort.signal);
log.info({ ended }, 'the operator has ended');
// Connections that are kept alive would hold the container; one that has lost the lead is started anew.
process.exit(ended === 'lost' ? 3 : 0);
