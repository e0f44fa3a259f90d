/** Volumes for claims: a folder for volumeMode Filesystem, a sparse file behind a loop device for Block. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ApiServer, callApi, expectApi, watchApi } from '../kubernetes-api.ts';
import type { Claim, KubernetesObject } from '../kubernetes-objects.ts';
import { REACH } from './node.ts';

const run = promisify(execFile);
const DRIVER = 'test.kubeferry.dev';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

interface PersistentVolume extends KubernetesObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly csi?: { readonly driver: string; readonly volumeHandle: string };
  };
  readonly status?: { readonly phase?: string };
}

/** What a Pod gets for a claim. */
export interface MountedClaim {
  readonly mode: 'Block' | 'Filesystem';
  /** The folder, or the loop device. */
  readonly path: string;
}

export interface ProvisionerOptions {
  readonly api: ApiServer;
  readonly folder: string;
  /** Value of the label of the nodes from which volumes can be reached: as on a network, from each of them. */
  readonly reach: string;
}

export class Provisioner implements AsyncDisposable {
  readonly #options: ProvisionerOptions;
  readonly #loops = new Map<string, string>();
  /** Claims that have a volume, by uid. */
  readonly #made = new Set<string>();
  #classes: readonly string[] = [];
  #watching: Promise<unknown> = Promise.resolve();

  constructor(options: ProvisionerOptions) {
    this.#options = options;
  }

  async start(classes: { readonly immediate: string; readonly late: string }, signal: AbortSignal): Promise<void> {
    const { api, folder } = this.#options;
    await mkdir(folder, { recursive: true });
    await callApi(api, 'POST', '/apis/storage.k8s.io/v1/csidrivers', {
      metadata: { name: DRIVER },
      spec: { attachRequired: false },
    });
    const modes = { [classes.immediate]: 'Immediate', [classes.late]: 'WaitForFirstConsumer' };
    for (const [name, volumeBindingMode] of Object.entries(modes)) {
      await callApi(api, 'POST', '/apis/storage.k8s.io/v1/storageclasses', {
        metadata: { name },
        provisioner: DRIVER,
        volumeBindingMode,
        reclaimPolicy: 'Delete',
        allowedTopologies: [{ matchLabelExpressions: [{ key: REACH, values: [this.#options.reach] }] }],
      });
    }
    this.#classes = Object.keys(modes);
    this.#watching = Promise.all([this.#watchClaims(modes, signal), this.#watchVolumes(signal)]);
  }

  /** What is behind a bound claim; undefined while it is not bound. */
  async mount(namespace: string, claim: string): Promise<MountedClaim | undefined> {
    const answer = await callApi(this.#options.api, 'GET', `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claim}`);
    if (answer.status !== 200) return undefined;
    const { spec, status } = answer.body as Claim;
    if (status?.phase !== 'Bound' || spec.volumeName === undefined) return undefined;
    const path = this.#path(spec.volumeName);
    if (spec.volumeMode !== 'Block') return { mode: 'Filesystem', path };
    return { mode: 'Block', path: await this.#loop(path) };
  }

  async pathOf(namespace: string, claim: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claim}`;
    const { spec } = await expectApi<Claim>(this.#options.api, 'GET', path);
    if (spec.volumeName === undefined) throw new Error(`claim ${namespace}/${claim} is not bound`);
    return this.#path(spec.volumeName);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watching;
    for (const path of [...this.#loops.keys()]) await this.#detach(path);
    for (const name of this.#classes)
      await callApi(this.#options.api, 'DELETE', `/apis/storage.k8s.io/v1/storageclasses/${name}`);
  }

  async #watchClaims(modes: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    for await (const { type, object } of watchApi<Claim>(this.#options.api, '/api/v1/persistentvolumeclaims', signal)) {
      const { metadata, spec, status } = object;
      const mode = modes[spec.storageClassName ?? ''];
      if (type === 'DELETED' || mode === undefined || status?.phase === 'Bound' || spec.volumeName !== undefined) continue;
      if (mode === 'WaitForFirstConsumer' && metadata.annotations?.[SELECTED_NODE] === undefined) continue;
      if (metadata.uid === undefined || this.#made.has(metadata.uid)) continue;
      this.#made.add(metadata.uid);
      await this.#provision(object);
    }
  }

  async #provision({ metadata, spec }: Claim): Promise<void> {
    const name = `pvc-${metadata.uid}`;
    const path = this.#path(name);
    const origin = spec.dataSource?.kind === 'PersistentVolumeClaim' ? spec.dataSource.name : undefined;
    if (origin !== undefined) {
      // As a driver that clones: all of it as it is at this moment.
      await cp(await this.pathOf(metadata.namespace ?? '', origin), path, { recursive: true });
    } else if (spec.volumeMode === 'Block') {
      await using file = await open(path, 'w');
      await file.truncate(bytesOf(spec.resources.requests.storage));
    } else {
      await mkdir(path);
      await chmod(path, 0o777);
    }
    const { api, reach } = this.#options;
    // One that is there already was made by a call whose answer was lost.
    await callApi(api, 'POST', '/api/v1/persistentvolumes', {
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': DRIVER } },
      spec: {
        capacity: { storage: spec.resources.requests.storage },
        accessModes: spec.accessModes,
        volumeMode: spec.volumeMode ?? 'Filesystem',
        storageClassName: spec.storageClassName,
        persistentVolumeReclaimPolicy: 'Delete',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...pick(metadata) },
        csi: { driver: DRIVER, volumeHandle: name },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: REACH, operator: 'In', values: [reach] }] }],
          },
        },
      },
    });
  }

  /** Removes what nobody claims any more. */
  async #watchVolumes(signal: AbortSignal): Promise<void> {
    for await (const { type, object } of watchApi<PersistentVolume>(this.#options.api, '/api/v1/persistentvolumes', signal)) {
      const { csi, storageClassName = '' } = object.spec;
      if (type === 'DELETED' || object.status?.phase !== 'Released' || csi?.driver !== DRIVER) continue;
      if (!this.#classes.includes(storageClassName)) continue;
      const path = this.#path(csi.volumeHandle);
      await this.#detach(path);
      await rm(path, { recursive: true, force: true });
      await callApi(this.#options.api, 'DELETE', `/api/v1/persistentvolumes/${object.metadata.name}`);
    }
  }

  #path(volume: string): string {
    return join(this.#options.folder, volume);
  }

  async #loop(path: string): Promise<string> {
    const known = this.#loops.get(path);
    if (known !== undefined) return known;
    const { stdout } = await run('losetup', ['--find', '--show', path]);
    this.#loops.set(path, stdout.trim());
    return stdout.trim();
  }

  async #detach(path: string): Promise<void> {
    const device = this.#loops.get(path);
    this.#loops.delete(path);
    if (device !== undefined) await run('losetup', ['--detach', device]);
  }
}

function pick({ name, namespace, uid }: Claim['metadata']): object {
  return { name, namespace, uid };
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  k: 1e3,
  M: 1e6,
  G: 1e9,
};

function bytesOf(quantity: string): number {
  const [, number = '', unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(quantity) ?? [];
  const factor = UNITS[unit];
  if (number === '' || factor === undefined) throw new Error(`${quantity} is no quantity that this provisioner knows`);
  return Number(number) * factor;
}
