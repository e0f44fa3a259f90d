/**
 * ClusterFacts of a living cluster. Each file beside this one reads one part. A kind that is not installed or not shown leaves its facts
 * undefined and is told; nothing is guessed. Objects are read page by page and only their facts are kept.
 */
import type { FactsReading } from '../../contracts/cluster.ts';
import { defined } from '../../model/defined.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { readExisting } from './existing.ts';
import { textAt } from './json.ts';
import { readKubevirt } from './kubevirt.ts';
import { readNetworks } from './networks.ts';
import { readNodes } from './nodes.ts';
import { FactsSource } from './source.ts';
import { readStorage } from './storage.ts';

export interface ReadFactsOptions {
  /** ISO 8601. */
  readonly readAt: string;
  /** VMs, claims, quotas and limits of this namespace only, for a login that may not see those of others. */
  readonly namespace?: string;
  readonly signal: AbortSignal;
}

/** @throws MigrationError where the cluster cannot be asked at all */
export async function readClusterFacts(
  client: KubeClient,
  { readAt, namespace, signal }: ReadFactsOptions,
): Promise<FactsReading> {
  const stop = new AbortController();
  const source = new FactsSource(client, AbortSignal.any([signal, stop.signal]), namespace);
  try {
    // First alone: a cluster that cannot be reached or does not take the login is told once.
    const version = textAt(await source.document('/version'), 'gitVersion')?.replace(/^v/, '');
    const [kubevirt, storage, networks, existing, nodes] = await Promise.all([
      readKubevirt(source),
      readStorage(source),
      readNetworks(source),
      readExisting(source),
      readNodes(source),
    ]);
    const facts = {
      readAt,
      ...defined({ kubernetesVersion: version }),
      ...kubevirt,
      ...storage,
      ...networks,
      ...existing,
      ...nodes,
    };
    return { facts, unknown: source.unknown };
  } finally {
    // After a failure of one part, the others need not go on.
    stop.abort();
  }
}
