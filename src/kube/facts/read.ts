import type { FactsReading } from '../../contracts/cluster.ts';
import type { KubeClient } from '../client/kube-client.ts';

export async function readClusterFacts(
  _client: KubeClient,
  _options: { readAt: string; signal: AbortSignal },
): Promise<FactsReading> {
  return { facts: {}, unknown: [] };
}
