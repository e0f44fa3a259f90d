/**
 * Plans of many VMs on a real API server: the operator in a process of its own, a source of synthetic VMs, disks that arrive in no time. What is
 * measured is the operator; CPU seconds of its process, so that a busy machine tells the same. Claims are bound by nobody.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes, MiB } from '../../src/model/units.ts';
import { definitionOf } from '../../src/resources/definition.ts';
import { KINDS } from '../../src/resources/index.ts';
import { type ControlPlane, startControlPlane } from '../peers/control-plane.ts';
import { keepNode } from '../peers/kubelet/node.ts';
import { callApi, expectApi } from '../peers/kubernetes-api.ts';
import { kubevirtDefinitions } from '../peers/kubevirt.ts';
import { decisionTimes } from './admission-decision.ts';
import type { OperatorMoment, OperatorUse } from './cluster-scale-run.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const RUN = path.join(import.meta.dirname, 'cluster-scale-run.ts');
const DEPLOYMENT = path.join(import.meta.dirname, '../../deploy/kustomize/base/deployment.yaml');
const OURS = '/apis/kubeferry.dev/v1alpha1/namespaces';
const MOST_GROWTH = 1.3;
const MOST_RSS = 600 * MiB;
const MOST_WRITES = 30;
/** A heap of a hundred times as many is twice as deep. */
const MOST_DECISION_GROWTH = 2;
/** Linear, with what the start of the process adds to the smaller one left to it. */
const MOST_RESTART_GROWTH = 10;
/** Port of a kubelet that nobody asks. */
const NO_LOGS = 1;

interface Measured {
  readonly vms: number;
  /** Seconds from the plan to its completion. */
  readonly seconds: number;
  readonly use: OperatorUse;
  readonly restart: OperatorMoment;
  readonly restarted: OperatorUse;
}

export const clusterScale: Bench = {
  name: 'cluster-scale',
  async run({ say }: BenchOptions): Promise<BenchResult> {
    const sizes = (process.env['KUBEFERRY_SCALE'] ?? '1000,10000').split(',').map(Number);
    const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-scale-'));
    const all: Measured[] = [];
    try {
      for (const vms of sizes) {
        // Each size meets an API server that holds nothing else. Nobody binds claims, and nobody says again and again that nobody does.
        await using plane = await startControlPlane({ own: true, without: ['persistentvolume-binder-controller'] });
        await mountAccount(plane, folder);
        all.push(await measure(plane, { vms, folder, say }));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    const timings = all.flatMap(({ vms, seconds, restart }): readonly (readonly [string, readonly number[]])[] => [
      [`a plan of ${vms} VMs, cold, from the plan to its completion`, [seconds]],
      [`an operator that begins with ${vms} VMs, until there is nothing left to look at`, [restart.at / 1000]],
    ]);
    return {
      title: `Plans in a cluster: one operator, VMs whose disks arrive in no time`,
      timings: new Map(timings),
      reaches: [...all.flatMap(reachesOf), ...growth(all), ...decisions()],
    };
  },
};

interface About {
  readonly vms: number;
  /** Of the operator's token, as in its Pod. */
  readonly folder: string;
  readonly say: (text: string) => void;
}

async function measure(plane: ControlPlane, { vms, folder, say }: About): Promise<Measured> {
  const namespace = 'scale';
  const stop = new AbortController();
  await furnish(plane, namespace);
  // VMs that fit on no node are not begun.
  await keepNode({ api: plane.api, name: 'node-1', port: NO_LOGS }, stop.signal);
  say(`${vms} VMs`);
  const flags = await heapFlags();
  const args = [...flags, RUN, plane.api.url, folder, namespace, String(vms)];
  await using operator = new Operator(args);
  await operator.moment('synced');
  const started = performance.now();
  await makePlan(plane, namespace);
  const progress = { at: 0 };
  while (!(await isComplete(plane, namespace, { say, progress }))) {
    operator.alive();
    await sleep(500);
  }
  const seconds = (performance.now() - started) / 1000;
  const use = await operator.end();
  say(
    `${vms} VMs: ${seconds.toFixed(0)} s, ${use.cpu.toFixed(0)} s of CPU, ${formatBytes(use.peakRss)}; once more from the start`,
  );
  await using again = new Operator(args);
  const restart = await again.moment('steady');
  stop.abort();
  return { vms, seconds, use, restart, restarted: await again.end() };
}

/** Those of the Deployment: what is measured is what is installed. */
async function heapFlags(): Promise<readonly string[]> {
  const text = await readFile(DEPLOYMENT, 'utf8');
  const flags = /name: NODE_OPTIONS\n\s+value: (\S+)/.exec(text)?.[1];
  if (flags === undefined) throw new Error('the Deployment sets no NODE_OPTIONS');
  return [flags];
}

/** The token of an account that may do everything, and the authority, as a kubelet mounts them. */
async function mountAccount({ api }: ControlPlane, folder: string): Promise<void> {
  const account = '/api/v1/namespaces/default/serviceaccounts/default/token';
  await expectApi(api, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'bench' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  });
  while ((await callApi(api, 'GET', account.replace(/\/token$/, ''))).status !== 200) await sleep(50);
  const spec = { expirationSeconds: 86_400 };
  const { status } = await expectApi<{ readonly status: { readonly token: string } }>(api, 'POST', account, { spec });
  await writeFile(path.join(folder, 'token'), status.token, { mode: 0o600 });
  await writeFile(path.join(folder, 'ca.crt'), api.ca);
}

async function furnish(plane: ControlPlane, namespace: string): Promise<void> {
  const { api } = plane;
  const machines = (await kubevirtDefinitions()).filter(({ metadata }) => metadata.name === 'virtualmachines.kubevirt.io');
  for (const definition of [...KINDS.map(definitionOf), ...machines]) {
    await expectApi(api, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    const { group, names, versions } = definition.spec;
    while ((await callApi(api, 'GET', `/apis/${group}/${versions[0]?.name}/${names.plural}`)).status !== 200) await sleep(50);
  }
  await expectApi(api, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await expectApi(api, 'POST', `/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name: 'login' },
    stringData: { user: 'bench', password: 'bench' },
  });
  await expectApi(api, 'POST', '/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 'bench' },
    provisioner: 'bench.kubeferry.dev',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  await make(plane, namespace, 'Provider', {
    type: 'vsphere',
    url: 'vsphere://synthetic.example',
    secretRef: { name: 'login' },
    limits: { perHost: 64, perStorage: 64 },
  });
}

async function makePlan(plane: ControlPlane, namespace: string): Promise<void> {
  const target = { storageClass: 'bench', volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  await make(plane, namespace, 'MigrationPlan', {
    providerRef: { name: 'bench' },
    selection: { where: ['name=*'] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    guest: { policy: 'none' },
    limits: { vms: 32 },
  });
}

async function make({ api }: ControlPlane, namespace: string, kind: string, spec: object): Promise<void> {
  const body = { apiVersion: 'kubeferry.dev/v1alpha1', kind, metadata: { name: 'bench' }, spec };
  await expectApi(api, 'POST', `${OURS}/${namespace}/${kind.toLowerCase()}s?fieldValidation=Strict`, body);
}

interface PlanStatus {
  readonly vms?: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
}

const TOLD_EVERY_MS = 20_000;

async function isComplete(
  { api }: ControlPlane,
  namespace: string,
  { say, progress }: { readonly say: (text: string) => void; readonly progress: { at: number } },
): Promise<boolean> {
  const { status } = await expectApi<{ status?: PlanStatus }>(api, 'GET', `${OURS}/${namespace}/migrationplans/bench`);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (Date.now() - progress.at > TOLD_EVERY_MS) {
    progress.at = Date.now();
    say(`${status?.vms?.completed ?? 0} of ${status?.vms?.total ?? 0} VMs; ${ready?.reason} ${ready?.message ?? ''}`);
  }
  if (ready?.reason === 'Blocked' || ready?.reason === 'Failed' || (status?.vms?.failed ?? 0) > 0)
    throw new Error(`the plan does not go on: ${ready?.message}`);
  return ready?.reason === 'Completed';
}

/** The process, and what it said. */
class Operator implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #said: (OperatorMoment | OperatorUse)[] = [];

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('no stdout');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith('{"kind"')) this.#said.push(JSON.parse(line));
      else process.stderr.write(`${line}\n`);
    });
  }

  alive(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error('the operator has ended');
  }

  async moment(kind: OperatorMoment['kind']): Promise<OperatorMoment> {
    for (;;) {
      const found = this.#said.find((said): said is OperatorMoment => said.kind === kind);
      if (found !== undefined) return found;
      this.alive();
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }

  async end(): Promise<OperatorUse> {
    this.alive();
    this.#child.kill('SIGTERM');
    await once(this.#child, 'close');
    const use = this.#said.find((said): said is OperatorUse => said.kind === 'ended');
    if (use === undefined) throw new Error('the operator did not say what it used');
    return use;
  }
}

function reachesOf({ vms, seconds, use, restart, restarted }: Measured): readonly Reach[] {
  const writes = Object.values(use.writes).reduce((sum, count) => sum + count, 0) / vms;
  const verbs = Object.entries(use.writes).map(([verb, count]) => `${(count / vms).toFixed(1)} ${verb}`);
  return [
    { what: `${vms} VMs: CPU of the operator for a VM`, value: `${((1000 * use.cpu) / vms).toFixed(1)} ms` },
    { what: `${vms} VMs: by the clock, 32 at once`, value: `${((1000 * seconds) / vms).toFixed(1)} ms a VM` },
    {
      what: `${vms} VMs: requests that write, for a VM with one disk (a worker Job is one more)`,
      value: `${writes.toFixed(1)} (${verbs.join(', ')})`,
      goal: `at most ${MOST_WRITES}`,
      reached: writes <= MOST_WRITES,
    },
    { what: `${vms} VMs: requests that read, for a VM`, value: (use.reads / vms).toFixed(1) },
    {
      what: `${vms} VMs: peak memory of the operator`,
      value: formatBytes(use.peakRss),
      goal: `at most ${formatBytes(MOST_RSS)}`,
      reached: use.peakRss <= MOST_RSS,
    },
    { what: `${vms} VMs: CPU of a new start until nothing is left to look at`, value: `${restart.cpu.toFixed(2)} s` },
    { what: `${vms} VMs: peak memory after a new start`, value: formatBytes(restarted.peakRss) },
  ];
}

function growth(all: readonly Measured[]): readonly Reach[] {
  const [small, large] = [all[0], all.at(-1)];
  if (small === undefined || large === undefined || small === large) return [];
  const times = (of: (measured: Measured) => number): number => of(large) / of(small);
  const cpu = times(({ use, vms }) => use.cpu / vms);
  const clock = times(({ seconds, vms }) => seconds / vms);
  const restart = times((measured) => measured.restart.cpu);
  const between = `from ${small.vms} to ${large.vms} VMs`;
  return [
    {
      what: `CPU of the operator for a VM, ${between}`,
      value: `${cpu.toFixed(2)} ×`,
      goal: `at most ${MOST_GROWTH} ×`,
      reached: cpu <= MOST_GROWTH,
    },
    {
      what: `time by the clock for a VM, ${between}`,
      value: `${clock.toFixed(2)} ×`,
      goal: `at most ${MOST_GROWTH} ×`,
      reached: clock <= MOST_GROWTH,
    },
    {
      what: `CPU of a new start, ${between}`,
      value: `${restart.toFixed(1)} ×`,
      goal: `at most ${MOST_RESTART_GROWTH} ×`,
      reached: restart <= MOST_RESTART_GROWTH,
    },
  ];
}

function decisions(): readonly Reach[] {
  const [few, many] = [decisionTimes(100), decisionTimes(10_000)];
  const times = many / few;
  return [
    { what: 'a decision who begins, 100 VMs waiting', value: `${(few * 1000).toFixed(1)} µs` },
    { what: 'a decision who begins, 10000 VMs waiting', value: `${(many * 1000).toFixed(1)} µs` },
    {
      what: 'a decision, 10000 waiting against 100',
      value: `${times.toFixed(2)} ×`,
      goal: `at most ${MOST_DECISION_GROWTH} ×`,
      reached: times <= MOST_DECISION_GROWTH,
    },
  ];
}
