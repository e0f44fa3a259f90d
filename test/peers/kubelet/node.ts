/** The Node object and its heartbeat. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, callApi, expectApi } from '../kubernetes-api.ts';

/** The node lifecycle controller waits for 50 seconds, or for less where it was told to. */
const HEARTBEAT_MS = 1000;
/** Label: which volumes can be reached from a node. */
export const REACH = 'test.kubeferry.dev/reach';
const CAPACITY = { cpu: '8', memory: '16Gi', pods: '200', 'ephemeral-storage': '100Gi' };

export interface NodeOptions {
  readonly api: ApiServer;
  readonly name: string;
  /** Where the API server finds the logs of Pods. */
  readonly port: number;
  /** Which volumes can be reached; none when absent. */
  readonly reach?: string;
}

/** Registers the node, and says that it is well until the signal aborts. */
export async function keepNode({ api, name, port, reach }: NodeOptions, signal: AbortSignal): Promise<void> {
  const labels = {
    ...{ 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    ...(reach !== undefined && { [REACH]: reach }),
  };
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
