/** A client of ours on a kubeconfig that is text, and the kinds that the tests of this room use. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/contracts/clock.ts';
import type { KubeObject, ResourceType } from '../../src/kube/client/kube-client.ts';
import { type Cluster, type ClusterTuning, openCluster } from '../../src/kube/index.ts';

export const CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

export const CONFIG_MAP: ResourceType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
export const SECRET: ResourceType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets' };
export const NAMESPACE: ResourceType = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' };

export function configMap(name: string, data: Readonly<Record<string, string>> = {}, namespace = 'default'): KubeObject {
  return { metadata: { name, namespace }, data };
}

/** Opens the cluster of a kubeconfig; its file is gone when this returns. */
export async function open(kubeconfig: string, clock: Clock = CLOCK, tuning: ClusterTuning = {}): Promise<Cluster> {
  return await withFile(kubeconfig, (file) => openCluster({ kubeconfig: file }, clock, tuning));
}

export async function withFile<T>(content: string, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-kube-'));
  try {
    const file = path.join(folder, 'kubeconfig');
    await writeFile(file, content, { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
