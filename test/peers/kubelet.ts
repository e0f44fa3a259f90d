/**
 * A kubelet that runs Pods as processes of this machine, with a provisioner of volumes: what is needed for Jobs that really work.
 *
 * It is honest about: the flow of the API (scheduling, status, deletion, retries by the Job controller), claims of both volume modes (a folder, a
 * loop device), mounts, environment, secrets, projected tokens with the rights of their account, user and group ids, signals, exit codes,
 * termination messages, logs, a machine that fails without a word (the real controllers notice). Unknown images are refused as a registry would. An
 * API server that is away is waited for. Volumes are as on a network: each node beside another reaches them, one at a time or not.
 * It is not about: the content of images (a Pod sees this machine's files, below a layer that is thrown away), security profiles, limits of
 * cgroups, network policies, CSI. Needs root, mount namespaces and overlayfs.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveLogs } from './kubelet/log-server.ts';
import { keepNode, removeNode } from './kubelet/node.ts';
import { type Placement, placePods } from './kubelet/placement.ts';
import { PodRunner } from './kubelet/pod-runner.ts';
import { Provisioner } from './kubelet/provisioner.ts';
import { type ApiServer, watchApi } from './kubernetes-api.ts';
import type { Pod } from './kubernetes-objects.ts';

export interface KubeletOptions {
  readonly api: ApiServer;
  /** What an image starts, by its name: the entry point, to which a container's `args` are added. `command` of a container goes before. */
  readonly images: Readonly<Record<string, readonly string[]>>;
  /** Name of the node; `node-1` when absent. */
  readonly node?: string;
  /** Another kubelet whose volumes this node reaches too. */
  readonly beside?: Kubelet;
}

export interface Kubelet extends AsyncDisposable {
  readonly node: string;
  /** Labels for a namespace whose Pods are to run here, also those without a claim, where the cluster has other nodes. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** What the containers of a Pod wrote, also after it was deleted. */
  logs(namespace: string, pod: string): string;
  /** Where the content of a bound claim is on this machine: a folder, or the file behind its block device. */
  volumePath(namespace: string, claim: string): Promise<string>;
  /** Kills all processes of a Pod at once, as a node that fails does. */
  kill(namespace: string, pod: string): void;
  /** The machine fails: everything on it is killed at once, and nothing is heard of it any more. */
  fail(): void;
  readonly storage: Provisioner;
}

/** In a cluster that others use too, each process has a node and storage classes of its own. */
const OURS = process.env['TEST_KUBECONFIG'] ? `-${randomBytes(3).toString('hex')}` : '';
/** Storage classes that it provisions. */
export const STORAGE_CLASSES = { immediate: `test-immediate${OURS}`, late: `test-late${OURS}` };

/** A server that is restarted meanwhile is waited for. */
const PATIENCE_MS = 60_000;

/** Registers the node; Pods run from now on. Disposing of it kills what still runs and removes all volumes. */
export async function startKubelet({ api: direct, images, node = `node-1${OURS}`, beside }: KubeletOptions): Promise<Kubelet> {
  const api = { ...direct, patience: PATIENCE_MS };
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-kubelet-'));
  const stop = new AbortController();
  const reach = `volumes${OURS}`;
  const provisioner = beside?.storage ?? new Provisioner({ api, folder: join(folder, 'volumes'), reach });
  const pods = new PodRunner({ api, folder: join(folder, 'pods'), images, provisioner });
  const placement: Placement | undefined = OURS === '' ? undefined : await placePods(api, node);
  const logs = await serveLogs((namespace, pod) => pods.logs(namespace, pod));
  await keepNode({ api, name: node, port: logs.port, reach }, stop.signal);
  if (beside === undefined) await provisioner.start(STORAGE_CLASSES, stop.signal);
  const watching = (async () => {
    const path = `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`;
    for await (const { type, object } of watchApi<Pod>(api, path, stop.signal)) {
      if (type === 'DELETED') pods.vanished(object);
      else pods.see(object);
    }
  })();
  return {
    node,
    namespaceLabels: placement?.namespaceLabels ?? {},
    logs: (namespace, pod) => pods.logs(namespace, pod),
    volumePath: (namespace, claim) => provisioner.pathOf(namespace, claim),
    kill: (namespace, pod) => pods.kill(namespace, pod),
    fail: () => {
      pods.fail();
      stop.abort();
    },
    storage: provisioner,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await watching;
      await pods[Symbol.asyncDispose]();
      if (beside === undefined) await provisioner[Symbol.asyncDispose]();
      await placement?.[Symbol.asyncDispose]();
      await removeNode(api, node);
      await logs[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
