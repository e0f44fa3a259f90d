/**
 * An operator in a process of its own, on a source whose disks arrive in no time. Says on stdout, a line of JSON each, when it has caught up with
 * the cluster, when nothing was left to look at, and what it has used when it is asked to end.
 */

import { openCluster } from '../../src/kube/index.ts';
import { operatorCluster } from '../../src/kube/operator-cluster.ts';
import { run } from '../../src/operator/run.ts';
import type { Services } from '../../src/operator/services.ts';
import { connect, createLog, systemClock, workerSetup } from '../../src/wire.ts';
import { instantCopier, scaleSource } from './scale-source.ts';

/** What one run has used. */
export interface OperatorUse {
  readonly kind: 'ended';
  /** Seconds of user and system. */
  readonly cpu: number;
  /** Bytes. */
  readonly peakRss: number;
  /** Requests that change something, by verb. */
  readonly writes: Readonly<Record<string, number>>;
  /** Requests that only read. */
  readonly reads: number;
}

/** A moment, in milliseconds since the process began. `steady`: the last look before a while without any. */
export interface OperatorMoment {
  readonly kind: 'synced' | 'steady';
  readonly at: number;
  readonly cpu: number;
}

const QUIET_MS = 3000;
const WRITES: ReadonlySet<string> = new Set(['create', 'patch', 'delete']);

const [server = '', folder = '', namespace = '', count = '0'] = process.argv.slice(2);
const { hostname: host, port } = new URL(server);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const writes: Record<string, number> = {};
let reads = 0;
const cluster = await openCluster({ pod: { host, port, folder } }, systemClock, {
  observer: {
    answered: ({ verb }) => {
      if (WRITES.has(verb)) writes[verb] = (writes[verb] ?? 0) + 1;
      else reads += 1;
    },
  },
});
const parts = operatorCluster({
  client: cluster.client,
  clock: systemClock,
  namespace,
  instance: 'bench',
  workers: workerSetup('worker.example/kubeferry:1'),
  lookEvery: 5000,
  onTrouble: (error) => process.stderr.write(`${String(error)}\n`),
  signal: stop.signal,
});

let looks = 0;
let lastLook = 0;
let steady = false;
let synced = false;
function tell(what: OperatorMoment | OperatorUse): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
const watchQuiet = setInterval(() => {
  if (!synced || steady || looks > 0 || performance.now() - lastLook < QUIET_MS) return;
  steady = true;
  tell({ kind: 'steady', at: lastLook, cpu: cpuSeconds() });
}, 100);

const services: Services = {
  ...parts,
  clock: systemClock,
  log: createLog('warn'),
  connect: (source, options) =>
    source.startsWith('vsphere:') ? Promise.resolve(scaleSource(Number(count))) : connect(source, options),
  follow: (signal, whenSynced) =>
    parts.follow(signal, () => {
      synced = true;
      tell({ kind: 'synced', at: performance.now(), cpu: cpuSeconds() });
      whenSynced();
    }),
  work: () => {
    const queue = parts.work();
    return {
      add: (key) => queue.add(key),
      addAfter: (key, later) => queue.addAfter(key, later),
      run: (options) => queue.run({ ...options, work: (key, signal) => counted(() => options.work(key, signal)) }),
    };
  },
  target: (about) => {
    const target = parts.target(about);
    const copier = instantCopier((disk, root, signal) => target.destination.filled(about.plan, disk, root, signal));
    return { ...target, copier };
  },
};

await run(services, stop.signal);
clearInterval(watchQuiet);
tell({ kind: 'ended', cpu: cpuSeconds(), peakRss: process.resourceUsage().maxRSS * 1024, writes, reads });
process.exit(0);

async function counted<T>(look: () => Promise<T>): Promise<T> {
  looks += 1;
  try {
    return await look();
  } finally {
    looks -= 1;
    lastLook = performance.now();
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
