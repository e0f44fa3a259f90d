/** The Node object and its heartbeat. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, callApi, expectApi } from '../kubernetes-api.ts';

/** The node lifecycle controller waits for 40 seconds. */
const HEARTBEAT_MS = 10_000;
const CAPACITY = { cpu: '8', memory: '16Gi', pods: '200', 'ephemeral-storage': '100Gi' };

/** @param port where the API server finds the logs of Pods */
export async function keepNode(api: ApiServer, name: string, port: number, signal: AbortSignal): Promise<void> {
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  await callApi(api, 'POST', '/api/v1/nodes', { metadata: { name, labels } });
  await beat(api, name, port);
  void (async () => {
    while (!signal.aborted) {
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await beat(api, name, port).catch(() => undefined);
    }
  })();
  // New nodes carry a taint until the controller has seen them ready.
  for (;;) {
    const node = await expectApi<{ spec: { taints?: readonly unknown[] } }>(api, 'GET', `/api/v1/nodes/${name}`);
    if ((node.spec.taints ?? []).length === 0) return;
    await sleep(100, undefined, { signal });
  }
}

export async function removeNode(api: ApiServer, name: string): Promise<void> {
  await callApi(api, 'DELETE', `/api/v1/nodes/${name}`).catch(() => undefined);
}

async function beat(api: ApiServer, name: string, port: number): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'processes can be started',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  await expectApi(api, 'PATCH', `/api/v1/nodes/${name}/status`, {
    status: {
      capacity: CAPACITY,
      allocatable: CAPACITY,
      conditions: [ready],
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      nodeInfo: {
        machineID: name,
        systemUUID: name,
        bootID: name,
        kernelVersion: 'test',
        osImage: 'test',
        containerRuntimeVersion: 'process://1',
        kubeletVersion: 'v1.36.3',
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    },
  });
}
