/** An operator in the test's process on a real control plane, with a source and a copier of the test. Everything that it writes is counted. */
import { openCluster } from '../../src/kube/index.ts';
import { operatorCluster } from '../../src/kube/operator-cluster.ts';
import { run } from '../../src/operator/run.ts';
import type { Services } from '../../src/operator/services.ts';
import { connect, createLog, workerSetup } from '../../src/wire.ts';
import { CLOCK, withFile } from '../kube/cluster.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import type { Ground, Thing } from '../scenarios/cluster/ground.ts';
import type { Copies, FakeSource } from './fake-source.ts';

const WRITES: ReadonlySet<string> = new Set(['create', 'patch', 'delete']);

export interface Staged extends AsyncDisposable {
  readonly log: () => string;
  /** Requests so far that change something. */
  readonly writes: () => number;
  /** Bugs that were logged. */
  readonly bugs: readonly string[];
}

/** @param kubeconfig of what stands between the operator and its API server; none when absent */
export async function operate(
  ground: Ground,
  namespace: string,
  source: FakeSource,
  copies: Copies,
  kubeconfig = ground.plane.kubeconfig(),
): Promise<Staged> {
  const stop = new AbortController();
  let writes = 0;
  const observer = {
    answered: ({ verb }: { readonly verb: string }): void => {
      if (WRITES.has(verb)) writes += 1;
    },
    followed: (): void => undefined,
  };
  const cluster = await withFile(kubeconfig, (file) => openCluster({ kubeconfig: file }, CLOCK, { observer }));
  const troubles: string[] = [];
  const parts = operatorCluster({
    client: cluster.client,
    clock: CLOCK,
    namespace,
    instance: 'test',
    workers: workerSetup('worker.example/kubeferry:1'),
    lookEvery: 200,
    onTrouble: (error) => troubles.push(String(error)),
    signal: stop.signal,
  });
  const bugs: string[] = [];
  const services: Services = {
    ...parts,
    clock: CLOCK,
    log: {
      ...createLog('silent'),
      ...{ level: 'silent', debug: () => undefined, info: () => undefined },
      warn: (fields, message) => void troubles.push(`${message} ${JSON.stringify(fields)}`),
      error: (fields, message) => void bugs.push(`${message} ${JSON.stringify(fields)}`),
    },
    connect: (url, options) => (url.startsWith('vsphere:') ? Promise.resolve(source.connect()) : connect(url, options)),
    work: parts.work,
    target: (about) => {
      const parties = parts.target(about);
      const { destination } = parties;
      // No worker runs here: nobody can look at claims.
      Object.assign(destination, { writtenSince: undefined });
      return { ...parties, copier: copies.copier((disk, root, signal) => destination.filled(about.plan, disk, root, signal)) };
    },
  };
  const running = run(services, stop.signal);
  return {
    ...{ log: () => [...troubles, ...bugs].join('\n'), writes: () => writes, bugs },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      cluster[Symbol.dispose]();
    },
  };
}

/** A namespace with a Provider `vcenter`. */
export async function furnish(ground: Ground, namespace: string, limits?: object): Promise<void> {
  await ground.namespace(namespace, {});
  await ground.secret(namespace, 'vcenter', { user: 'u', password: 'p' });
  const spec = { type: 'vsphere', url: `vsphere://${namespace}.example`, secretRef: { name: 'vcenter' } };
  await ground.make(namespace, 'providers', 'vcenter', { ...spec, ...(limits && { limits }) });
}

/** A plan for all VMs, onto a class that is there. */
export function planOf(spec: object = {}): object {
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  return {
    providerRef: { name: 'vcenter' },
    selection: { where: ['name=*'] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    ...spec,
  };
}

/** VmMigrations by the name of their VM. */
export async function vmsOf(ground: Ground, namespace: string): Promise<ReadonlyMap<string, Thing>> {
  const all = await ground.migrations(namespace);
  return new Map(all.map((thing) => [String(fieldOf(thing.spec?.['vm'], 'name')), thing]));
}

/** A field of what may be an object. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

/** A condition of a resource. */
export function conditionOf(thing: Thing | undefined, type: string) {
  return thing?.status?.conditions?.find((condition) => condition.type === type);
}
