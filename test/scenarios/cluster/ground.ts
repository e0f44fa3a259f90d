/**
 * A cluster for whole migrations: control plane, kubelet, our definitions and KubeVirt's VirtualMachine. Images start this checkout; the operator is a
 * process of its own, as in its container, and can be killed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { definitionOf } from '../../../src/resources/definition.ts';
import { KINDS } from '../../../src/resources/index.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../peers/control-plane.ts';
import { type Kubelet, STORAGE_CLASSES, startKubelet } from '../../peers/kubelet.ts';
import { callApi, expectApi } from '../../peers/kubernetes-api.ts';
import { kubevirtDefinitions } from '../../peers/kubevirt.ts';

const BIN = path.resolve(import.meta.dirname, '../../../src/cli/bin.js');
/** No wait takes as long on a machine that has other work. */
const LONGEST_MS = 150_000;
/** An API server that is restarted is back by then. */
const PATIENCE_MS = 60_000;
const MACHINES = new Set(['virtualmachines.kubevirt.io', 'virtualmachineinstances.kubevirt.io']);
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** The worker that does its work, and one that never comes to the end of a disk. */
export const IMAGES = { worker: 'kubeferry.example/kubeferry:1', endless: 'kubeferry.example/endless:1' } as const;
const ENDLESS = `grep -q '"kind":"transfer"' /kubeferry/order/order.json && exec sleep 600; exec "$0" "$@"`;

export interface Thing {
  readonly metadata: { readonly name: string; readonly uid: string; readonly ownerReferences?: readonly object[] };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

export interface Operator extends AsyncDisposable {
  /** Everything that it logged. */
  readonly log: () => string;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<unknown>;
  /** Without a word: its Lease stays as it is. */
  kill(): Promise<void>;
}

export interface OperateOptions {
  /** Image of its workers. */
  readonly image?: string;
  /** Port of a proxy in front of the API server. */
  readonly through?: number;
}

export interface GroundOptions extends ControlPlaneOptions {
  /** Further images of the kubelet: what they start. */
  readonly images?: Images;
}

type Images = Readonly<Record<string, readonly string[]>>;

/** What is told when a wait is in vain. */
interface Told {
  readonly namespace: string;
  readonly operator: Pick<Operator, 'log'>;
  /** Milliseconds between two looks; 100 when absent. */
  readonly every?: number;
}

export class Ground implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly kubelet: Kubelet;
  readonly #images: Images;
  readonly #folder: string;
  readonly #namespaces: string[] = [];

  private constructor(about: { plane: ControlPlane; kubelet: Kubelet; images: Images; folder: string }) {
    this.plane = about.plane;
    this.kubelet = about.kubelet;
    this.#images = about.images;
    this.#folder = about.folder;
  }

  /** @param options `own` for stories that restart the API server */
  static async start({ images = {}, ...options }: GroundOptions = {}): Promise<Ground> {
    const started = await startControlPlane(options);
    const plane = { ...started, api: { ...started.api, patience: PATIENCE_MS } };
    const known = {
      [IMAGES.worker]: [process.execPath, BIN],
      [`${IMAGES.worker}-conversion`]: [process.execPath, BIN],
      [IMAGES.endless]: ['sh', '-c', ENDLESS, process.execPath, BIN],
    };
    const all: Images = { ...known, ...images };
    const kubelet = await startKubelet({ api: plane.api, images: all });
    const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-cluster-'));
    await writeFile(path.join(folder, 'kubeconfig'), plane.kubeconfig(), { mode: 0o600 });
    const machines = (await kubevirtDefinitions()).filter(({ metadata }) => MACHINES.has(metadata.name));
    for (const definition of [...KINDS.map(definitionOf), ...machines]) {
      const path = `${DEFINITIONS}/${definition.metadata.name}?fieldManager=kubeferry-test&force=true`;
      await expectApi(plane.api, 'PATCH', path, definition, 'application/apply-patch+yaml');
      const { group, names, versions } = definition.spec;
      while ((await callApi(plane.api, 'GET', `/apis/${group}/${versions[0]?.name}/${names.plural}`)).status !== 200)
        await sleep(50);
    }
    return new Ground({ plane, kubelet, images: all, folder });
  }

  /** A second node, which reaches the same volumes; from now on Pods go there alone, until `open`. */
  async secondNode(): Promise<{ readonly kubelet: Kubelet; open(): Promise<void> }> {
    const { api } = this.plane;
    const kubelet = await startKubelet({ api, images: this.#images, node: `${this.kubelet.node}-beside`, beside: this.kubelet });
    const schedule = async (unschedulable: boolean): Promise<void> =>
      await expectApi(api, 'PATCH', `/api/v1/nodes/${this.kubelet.node}`, { spec: { unschedulable } });
    await schedule(true);
    return { kubelet, open: async () => await schedule(false) };
  }

  /** An operator that sees one namespace, so that tests do not meet. */
  operate(namespace: string, options: string | OperateOptions = {}): Operator {
    const { image = IMAGES.worker, through } = typeof options === 'string' ? { image: options } : options;
    const env = {
      ...process.env,
      KUBECONFIG: through === undefined ? path.join(this.#folder, 'kubeconfig') : this.#configThrough(through),
      KUBEFERRY_IMAGE: image,
      KUBEFERRY_NAMESPACE: namespace,
      KUBEFERRY_LOOK_MS: '200',
      // Operators of several tests run at the same time.
      KUBEFERRY_METRICS_ADDRESS: '127.0.0.1:0',
      KUBEFERRY_HEALTH_ADDRESS: '127.0.0.1:0',
    };
    const child = spawn(process.execPath, [BIN, 'operator'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
    return {
      log: () => log,
      ended: once(child, 'exit'),
      kill: async () => await end(child, 'SIGKILL'),
      [Symbol.asyncDispose]: async () => await end(child),
    };
  }

  #configThrough(port: number): string {
    const file = path.join(this.#folder, `kubeconfig-${port}`);
    const { port: direct } = new URL(this.plane.api.url);
    writeFileSync(file, this.plane.kubeconfig().replaceAll(`:${direct}`, `:${port}`), { mode: 0o600 });
    return file;
  }

  /** Tells the next operator that the one before is dead, which it would have to wait for otherwise. */
  async forgetLeader(namespace: string): Promise<void> {
    await callApi(this.plane.api, 'DELETE', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/kubeferry-operator`);
  }

  /** Name of a namespace that nobody else uses. */
  name(text: string): string {
    return this.plane.name(text);
  }

  /** A namespace with a bound claim `images` that holds the files. */
  async namespace(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    this.#namespaces.push(name);
    await expectApi(this.plane.api, 'POST', '/api/v1/namespaces', {
      metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted', ...this.kubelet.namespaceLabels } },
    });
    await expectApi(this.plane.api, 'POST', `/api/v1/namespaces/${name}/persistentvolumeclaims`, {
      metadata: { name: 'images' },
      spec: {
        storageClassName: STORAGE_CLASSES.immediate,
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage: '1Gi' } },
      },
    });
    await this.until(async () => (await this.claim(name, 'images'))?.status?.phase === 'Bound');
    const folder = await this.kubelet.volumePath(name, 'images');
    for (const [file, from] of Object.entries(files)) await copyFile(from, path.join(folder, file));
  }

  /** Disks of the tests hold no system: nobody looks into guests, unless a plan says so. */
  async make(namespace: string, plural: string, name: string, given: object): Promise<void> {
    const spec = plural === 'migrationplans' ? { guest: { policy: 'none' }, ...given } : given;
    const kinds: Readonly<Record<string, string>> = { providers: 'Provider', migrationplans: 'MigrationPlan' };
    const body = { apiVersion: 'kubeferry.dev/v1alpha1', kind: kinds[plural], metadata: { name }, spec };
    await expectApi(this.plane.api, 'POST', `${ours(namespace, plural)}?fieldValidation=Strict`, body);
  }

  async secret(namespace: string, name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
    await expectApi(this.plane.api, 'POST', `/api/v1/namespaces/${namespace}/secrets`, { metadata: { name }, stringData });
  }

  async change(namespace: string, plural: string, name: string, spec: object): Promise<void> {
    await expectApi(this.plane.api, 'PATCH', `${ours(namespace, plural)}/${name}`, { spec });
  }

  async remove(namespace: string, plural: string, name: string): Promise<void> {
    await expectApi(this.plane.api, 'DELETE', `${ours(namespace, plural)}/${name}`);
  }

  async get(path: string): Promise<Thing | undefined> {
    const { status, body } = await callApi(this.plane.api, 'GET', path);
    if (status === 404) return undefined;
    assert.equal(status, 200, JSON.stringify(body));
    return body as Thing;
  }

  async list(path: string): Promise<readonly Thing[]> {
    return (await expectApi<{ readonly items: readonly Thing[] }>(this.plane.api, 'GET', path)).items;
  }

  async claim(namespace: string, name: string): Promise<Thing | undefined> {
    return await this.get(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`);
  }

  async claims(namespace: string): Promise<readonly Thing[]> {
    const all = await this.list(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`);
    return all.filter(({ metadata: { name } }) => name !== 'images' && !name.endsWith('-journal'));
  }

  async machines(namespace: string): Promise<readonly Thing[]> {
    return await this.list(`/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`);
  }

  async jobs(namespace: string): Promise<readonly Thing[]> {
    return await this.list(`/apis/batch/v1/namespaces/${namespace}/jobs`);
  }

  async migrations(namespace: string): Promise<readonly Thing[]> {
    return await this.list(ours(namespace, 'vmmigrations'));
  }

  /** Reason of the plan's condition Ready. */
  async stateOf(namespace: string, plan: string): Promise<string | undefined> {
    const found = await this.get(`${ours(namespace, 'migrationplans')}/${plan}`);
    return found?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  }

  /** The test's own limit ends a wait in vain; what there is then is told. */
  async until(holds: () => Promise<boolean>, about?: Told): Promise<void> {
    const end = Date.now() + LONGEST_MS;
    while (!(await holds())) {
      if (Date.now() > end) assert.fail(about === undefined ? 'it took too long' : await this.told(about));
      await sleep(about?.every ?? 100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.plane.existing)
      for (const name of this.#namespaces) await callApi(this.plane.api, 'DELETE', `/api/v1/namespaces/${name}`);
    await this.kubelet[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }

  /** What there is, and what was said. */
  async told({ namespace, operator }: Omit<Told, 'every'>): Promise<string> {
    const kinds = ['providers', 'migrationplans', 'vmmigrations'].map((plural) => ours(namespace, plural));
    const paths = [...kinds, `/apis/batch/v1/namespaces/${namespace}/jobs`, `/api/v1/namespaces/${namespace}/pods`];
    const told = await Promise.all(
      paths.map(async (each) => (await this.list(each)).map(({ metadata, status }) => ({ name: metadata.name, status }))),
    );
    const pods = await this.list(`/api/v1/namespaces/${namespace}/pods`);
    const logs = pods.map(({ metadata }) => this.kubelet.logs(namespace, metadata.name));
    return `it took too long\n${JSON.stringify(told, undefined, 1)}\n${logs.join('\n')}\n${operator.log()}`;
  }
}

function ours(namespace: string, plural: string): string {
  return `/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/${plural}`;
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}
