/** The entry of the operator's container. */
import { hostname } from 'node:os';
import { MigrationError } from '../model/errors.ts';
import {
  connect,
  createLog,
  createMetrics,
  openOperatorCluster,
  ownCluster,
  readVersion,
  systemClock,
  workerSetup,
} from '../wire.ts';
import { Health } from './health.ts';
import { healthPages, metricsPages, servePages } from './pages.ts';
import { run } from './run.ts';
import type { Services } from './services.ts';

const log = createLog('info');
const abort = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  });
}

const { KUBEFERRY_IMAGE, KUBEFERRY_NAMESPACE, KUBEFERRY_WORKERS, KUBEFERRY_LOOK_MS = '5000' } = process.env;
const { KUBEFERRY_METRICS_ADDRESS = ':8080', KUBEFERRY_HEALTH_ADDRESS = ':8081' } = process.env;
if (KUBEFERRY_IMAGE === undefined) {
  log.error({}, 'KUBEFERRY_IMAGE has to name the image of this program, which workers are started from');
  process.exit(2);
}
const image = KUBEFERRY_IMAGE;
const metrics = createMetrics({ clock: systemClock, version: await readVersion() });
const health = new Health(systemClock);
const pages = [
  { address: KUBEFERRY_HEALTH_ADDRESS, pages: healthPages(health) },
  { address: KUBEFERRY_METRICS_ADDRESS, pages: metricsPages(metrics) },
];
const ended = await work().catch((error: unknown) => {
  if (!(error instanceof MigrationError)) throw error;
  // What is wrong outside is told in words; a bug keeps its stack.
  log.error({ code: error.code, hint: error.hint, cause: error.message }, 'the operator cannot work');
  process.exit(error.exit);
});
log.info({ ended }, 'the operator has ended');
// Connections that are kept alive would hold the container; one that has lost the lead is started anew.
process.exit(ended === 'lost' ? 3 : 0);

/** Until it is asked to end, or has lost the lead. */
async function work(): Promise<'lost' | 'stopped'> {
  for (const { address, pages: served } of pages.filter(({ address }) => address !== '')) {
    const server = await servePages(address, served);
    log.info({ address: server.address, pages: Object.keys(served) }, 'pages are served');
  }
  const cluster = await openOperatorCluster({
    ...(KUBEFERRY_NAMESPACE && { namespace: KUBEFERRY_NAMESPACE }),
    access: ownCluster(process.env),
    instance: hostname(),
    workers: workerSetup(image, KUBEFERRY_WORKERS),
    lookEvery: Number(KUBEFERRY_LOOK_MS),
    onTrouble: (error: unknown) => {
      metrics.trouble('cluster', error);
      log.warn({ cause: String(error) }, 'the cluster gives trouble');
    },
    observer: {
      answered: metrics.answered,
      followed: (kind, turn) => {
        metrics.followed(kind, turn);
        health.followed(kind);
      },
    },
    signal: abort.signal,
  });
  const services: Services = {
    ...{ ...cluster, clock: systemClock, log, connect, admissionObserver: metrics.admissions },
    work: (controller) => metrics.work(controller, cluster.work()),
    follow: async (signal, synced) =>
      await cluster.follow(signal, () => {
        health.synced();
        synced();
      }),
  };
  metrics.follow(services);
  return await cluster.lead(async (signal) => {
    metrics.leads();
    health.leads();
    await run(services, signal);
  }, abort.signal);
}
