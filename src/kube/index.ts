/**
 * The room that talks to a Kubernetes cluster, and the only one that may: `client/` speaks with an API server, `runtime/` is what a controller is
 * built on, `facts/` reads what a cluster has, `resources/` keeps our own objects, `destination/` makes claims and VirtualMachines, `jobs/` lets
 * workers move the bytes. Nothing here judges a VM or decides what becomes of it.
 * This is the room's door.
 */

import type { Clock } from '../contracts/clock.ts';
import type { ClusterAccess, FactsReading } from '../contracts/cluster.ts';
import type { ClusterObserver } from '../contracts/cluster-observer.ts';
import { HttpKubeClient } from './client/http-client.ts';
import type { KubeClient } from './client/kube-client.ts';
import { openLogin } from './client/login.ts';
import { withObserver } from './client/observed.ts';
import { withPatience } from './client/patience.ts';
import { HttpsTransport } from './client/transport.ts';
import { readClusterFacts } from './facts/read.ts';

export interface Cluster extends Disposable {
  readonly client: KubeClient;
  /** Host and port of its API server. */
  readonly host: string;
  /** Of the kubeconfig's context, or of the pod that we are. */
  readonly namespace?: string;
}

export interface ClusterTuning {
  /** How much later than promised a watch may end before its server counts as gone, in milliseconds; ten seconds when absent. */
  readonly watchGrace?: number;
  /** Told of every request. */
  readonly observer?: Pick<ClusterObserver, 'answered'>;
}

/** Connections are made when the first call is. @throws MigrationError `cluster-not-configured` */
export async function openCluster(access: ClusterAccess, clock: Clock, tuning: ClusterTuning = {}): Promise<Cluster> {
  const login = await openLogin(access, clock);
  const direct = new HttpsTransport(login);
  const { observer } = tuning;
  const told = observer === undefined ? direct : withObserver(direct, { clock, observer });
  const transport = withPatience(told, { clock, random: Math.random });
  return {
    client: new HttpKubeClient(transport, tuning.watchGrace),
    host: transport.host,
    ...(login.namespace !== undefined && { namespace: login.namespace }),
    [Symbol.dispose]: () => transport.close(),
  };
}

/** What the target has, as it is now. @throws MigrationError where the cluster cannot be asked at all */
export async function readFacts(access: ClusterAccess, clock: Clock, signal: AbortSignal): Promise<FactsReading> {
  using cluster = await openCluster(access, clock);
  return await readClusterFacts(cluster.client, { readAt: new Date(clock.now()).toISOString(), signal });
}
