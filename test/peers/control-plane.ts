/**
 * A Kubernetes control plane on loopback: etcd from the system, kube-apiserver, kube-controller-manager and kube-scheduler from the Go module in
 * `kubernetes/`. It is the real thing without kubelets: objects are validated, admitted, watched and garbage-collected, Jobs make Pods, claims
 * bind, but nothing runs (`kubelet.ts` adds that). One for a test file: about five seconds and half a gigabyte. `TEST_KUBECONFIG` names an existing
 * cluster that is taken instead, save by tests that need one of their own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AUDIT_POLICY, type AuditRecord, readAudit } from './audit.ts';
import { buildPeer } from './build.ts';
import { selfSigned } from './certificate.ts';
import { existingCluster } from './existing-cluster.ts';
import { freePorts } from './free-ports.ts';
import { kubeconfig } from './kubeconfig.ts';
import { type ApiAnswer, type ApiServer, callApi } from './kubernetes-api.ts';

export interface ControlPlane extends AsyncDisposable {
  /** As an administrator. */
  readonly api: ApiServer;
  /** Others use it too, and objects of earlier runs may be there. */
  readonly existing: boolean;
  /** A name that nobody else uses; the name itself on a control plane of one's own. */
  name(text: string): string;
  /** A kubeconfig for `user`, an administrator when absent. The token is that of the user. */
  kubeconfig(token?: string): string;
  /** Kills the API server and starts it again on the same port: what clients see of a crash. */
  restartApiServer(): Promise<void>;
  /** What service accounts asked for so far; empty unless it was started with `audit`. */
  audit(): Promise<readonly AuditRecord[]>;
}

/** What the server says that it is; the linker is told, as a release build does it. */
const VERSION = '1.36.3';
const PART = 'k8s.io/component-base/version.git';
const READY_MS = 60_000;
const POLL_MS = 100;
/** Lines of a log that are shown when a part does not start. */
const TAIL = 30;

export interface ControlPlaneOptions {
  /** Never an existing cluster: the test restarts it, counts what there is of a kind, or installs definitions. */
  readonly own?: boolean;
  /** Keeps a record of all requests of service accounts. */
  readonly audit?: boolean;
  /** Admission plugins that are not on by themselves. */
  readonly admission?: readonly string[];
  /** Controllers of the controller manager that are not to run. */
  readonly without?: readonly string[];
  /** Nodes that are silent are given up within seconds, not within minutes. */
  readonly losesNodesFast?: boolean;
}

/** @throws Error when a part does not start, or the existing cluster cannot be used */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const existing = process.env['TEST_KUBECONFIG'];
  return existing && !options.own ? await existingCluster(existing) : await startOwn(options);
}

/**
 * Starts it and waits until a Job of its own got a Pod: by then everything behind the API works too.
 * @throws Error when a part does not start; the message holds the end of its log
 */
async function startOwn({
  audit = false,
  admission = [],
  without = [],
  losesNodesFast = false,
}: ControlPlaneOptions): Promise<ControlPlane> {
  const program = await buildControlPlane();
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-control-plane-'));
  const parts = new Parts(folder);
  try {
    const [etcd, etcdPeer, port] = await freePorts(3);
    const tls = selfSigned();
    const tokens = { admin: token(), controllers: token(), scheduler: token() };
    const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const file = (name: string): string => join(folder, name);
    const write = (name: string, text: string): Promise<void> => writeFile(file(name), text, { mode: 0o600 });
    await write('tls.crt', tls.certificate);
    await write('tls.key', tls.key);
    await write('sa.key', signing.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    await write('sa.pub', signing.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    await write('audit-policy.json', AUDIT_POLICY);
    await write(
      'tokens.csv',
      `${tokens.admin},admin,admin,system:masters\n${tokens.controllers},system:kube-controller-manager,kcm,system:masters\n${tokens.scheduler},system:kube-scheduler,scheduler,\n`,
    );
    const api: ApiServer = { url: `https://127.0.0.1:${port}`, ca: tls.certificate, token: tokens.admin };
    const config = (as: string): string => kubeconfig({ ...api, token: as });
    await write('controllers.kubeconfig', config(tokens.controllers));
    await write('scheduler.kubeconfig', config(tokens.scheduler));
    for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) await symlink(program, file(name));

    const store = `http://127.0.0.1:${etcd}`;
    const peer = `http://127.0.0.1:${etcdPeer}`;
    parts.start('etcd', 'etcd', [
      ...['--data-dir', file('etcd'), '--unsafe-no-fsync', '--listen-client-urls', store, '--advertise-client-urls', store],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ]);
    const startApi = (): void =>
      parts.start('kube-apiserver', file('kube-apiserver'), [
        ...['--etcd-servers', store, '--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1'],
        ...['--secure-port', String(port), '--endpoint-reconciler-type', 'none', '--service-cluster-ip-range', '10.255.0.0/24'],
        ...[
          '--tls-cert-file',
          file('tls.crt'),
          '--tls-private-key-file',
          file('tls.key'),
          '--token-auth-file',
          file('tokens.csv'),
        ],
        ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', file('sa.pub')],
        ...['--service-account-signing-key-file', file('sa.key'), '--authorization-mode', 'Node,RBAC'],
        ...['--allow-privileged', '--profiling=false'],
        ...(audit ? ['--audit-policy-file', file('audit-policy.json'), '--audit-log-path', file('audit.log')] : []),
        ...(losesNodesFast ? ['--default-not-ready-toleration-seconds=1', '--default-unreachable-toleration-seconds=1'] : []),
        ...(admission.length > 0 ? ['--enable-admission-plugins', admission.join(',')] : []),
      ]);
    const isReady = async (): Promise<boolean> => (await callApi(api, 'GET', '/readyz')).status === 200;
    let restarted = Promise.resolve();
    startApi();
    await parts.until('kube-apiserver', isReady);
    parts.start('kube-controller-manager', file('kube-controller-manager'), [
      ...['--kubeconfig', file('controllers.kubeconfig'), '--leader-elect=false', '--secure-port=0'],
      ...(losesNodesFast ? ['--node-monitor-period=1s', '--node-monitor-grace-period=5s'] : []),
      ...['--controllers', ['*', ...without.map((name) => `-${name}`)].join(',')],
      ...['--service-account-private-key-file', file('sa.key'), '--root-ca-file', file('tls.crt')],
    ]);
    parts.start('kube-scheduler', file('kube-scheduler'), [
      ...['--kubeconfig', file('scheduler.kubeconfig'), '--leader-elect=false', '--secure-port=0'],
    ]);
    await parts.until('kube-controller-manager', () => canary(api));
    return {
      api,
      existing: false,
      name: (text) => text,
      kubeconfig: (as) => config(as ?? tokens.admin),
      restartApiServer: () => {
        // Of several who ask at the same time each gets a restart of its own.
        restarted = restarted.then(async () => {
          await parts.stop('kube-apiserver');
          startApi();
          await parts.until('kube-apiserver', isReady);
        });
        return restarted;
      },
      audit: async () => (audit ? await readAudit(file('audit.log')) : []),
      [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
    };
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
}

/** The program that is API server, controller manager and scheduler, by the name that it is started with. */
export async function buildControlPlane(): Promise<string> {
  const [major = '', minor = ''] = VERSION.split('.');
  const set = { [`${PART}Version`]: `v${VERSION}`, [`${PART}Major`]: major, [`${PART}Minor`]: minor };
  return await buildPeer('kubernetes', { set });
}

/** True when a Job of the name `canary` has its Pod: the default ServiceAccount alone comes before the controllers may do their work. */
async function canary(api: ApiServer): Promise<boolean> {
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const container = { name: 'canary', image: 'canary.invalid/none' };
  const made = await callApi(api, 'POST', jobs, {
    metadata: { name: 'canary' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } },
  });
  if (made.status !== 201 && made.status !== 409) return false;
  const pods = await callApi(api, 'GET', '/api/v1/namespaces/default/pods?labelSelector=job-name%3Dcanary');
  if (items(pods).length === 0) return false;
  await callApi(api, 'DELETE', `${jobs}/canary?propagationPolicy=Background`);
  return true;
}

function items({ body }: ApiAnswer): readonly unknown[] {
  return typeof body === 'object' && body !== null && 'items' in body && Array.isArray(body.items) ? body.items : [];
}

function token(): string {
  return randomBytes(16).toString('hex');
}

/** The processes, each with a log, none of which outlives this one: the kernel ends them when their parent is killed. */
class Parts implements AsyncDisposable {
  readonly #folder: string;
  readonly #running = new Map<string, ChildProcess>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  start(name: string, program: string, args: readonly string[]): void {
    const log = createWriteStream(this.#log(name), { flags: 'a' });
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.on('error', (error) => log.write(`${error.message}\n`)).on('close', () => log.end());
    this.#running.set(name, child);
  }

  /** Asks again and again. @throws Error with the end of the part's log when it ended or took too long */
  async until(name: string, ready: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + READY_MS;
    while (!(await ready().catch(() => false))) {
      const child = this.#running.get(name);
      if (Date.now() < deadline && child?.exitCode === null && child.signalCode === null) {
        await sleep(POLL_MS);
        continue;
      }
      const said = await readFile(this.#log(name), 'utf8').catch(() => '');
      throw new Error(`${name} did not start:\n${said.split('\n').slice(-TAIL).join('\n')}`);
    }
  }

  async stop(name: string): Promise<void> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    // An API server that is asked politely waits for its watchers first, for ten seconds. What it knows is in etcd.
    child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What is written to ends last.
    for (const name of [...this.#running.keys()].toReversed()) await this.stop(name);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #log(name: string): string {
    return join(this.#folder, `${name}.log`);
  }
}
