/**
 * govmomi's vCenter simulator on loopback, and govmomi's command line bound to it. The Go module in `vsphere/` pins both.
 * What the simulator proves: our requests and answers against an independent implementation of the vSphere API, over TLS.
 * What it cannot prove: changed areas, ExportVm, delta disks, which VM has which storage policy, missing privileges, versions of an update
 * stream, lost sessions, faults. `vcenter.ts` stands in front of it for those. It writes `_XMLSchema-instance:type` where real servers write `xsi:type`, and starts in about a second for 30 VMs.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { buildPeer } from './build.ts';
import { type PeerCertificate, selfSigned } from './certificate.ts';

export interface VcsimOptions {
  /** VMs per resource pool or standalone host; 2 when absent. */
  readonly vms?: number;
  /** Clusters of three hosts; 1 when absent. */
  readonly clusters?: number;
  /** Further counts by govmomi's names: `clusterHost`, `host`, `pool`, `portgroup`, `portgroupNSX`, `opaqueNetwork`, `datastore`, `datacenter`, `folder`, `app`. */
  readonly model?: Readonly<Record<string, number>>;
  /** Folder written by `govc object.save` that takes the place of a generated inventory. */
  readonly load?: string;
  /** A standalone ESXi host in place of a vCenter. */
  readonly esx?: boolean;
  /** Generated VMs are powered on; true when absent. */
  readonly autostart?: boolean;
  /** What `about.apiVersion` says; `8.0.3.0` when absent. */
  readonly apiVersion?: string;
  readonly username?: string;
  readonly password?: string;
  /** Certificate to serve; one of its own when absent, plain HTTP when false. */
  readonly tls?: PeerCertificate | false;
  readonly signal?: AbortSignal;
}

/** Where a simulated server is and how to log in; the same for vcsim and for the proxy before it. */
export interface ServerAddress {
  /** Of the SOAP endpoint, ends in `/sdk`; without credentials. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** PEM; empty when the server speaks plain HTTP. */
  readonly certificate: string;
  /** Of the certificate, hex pairs with colons; empty when the server speaks plain HTTP. */
  readonly thumbprint: { readonly sha1: string; readonly sha256: string };
}

export interface Vcsim extends ServerAddress, AsyncDisposable {
  /** Runs govc against this server and gives its standard output. @throws Error with what govc said */
  govc(args: readonly string[], signal?: AbortSignal): Promise<string>;
}

const PLAIN: PeerCertificate = { certificate: '', key: '', thumbprint: { sha1: '', sha256: '' } };
/** A simulator that does not end by itself after its standard input was closed is killed. */
const PATIENCE_MS = 5000;
/** Saved inventories of some thousand VMs are the largest thing that govc prints. */
const MOST_OUTPUT = 256 * 1024 * 1024;

/**
 * A simulator that answers when this returns; disposing of it ends the process and removes its files.
 * @throws Error when the simulator does not start; the message holds what it said
 */
export async function startVcsim(options: VcsimOptions = {}): Promise<Vcsim> {
  const program = await buildPeer('vsphere', { package: './vcsim' });
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-vcsim-'));
  const tls = options.tls === false ? PLAIN : (options.tls ?? selfSigned());
  const username = options.username ?? 'administrator@vsphere.local';
  const password = options.password ?? 'pass & "word" <ü>';
  // The simulator keeps its datastores under TMPDIR, and in the working folder where it loads an inventory.
  const child = spawn(program, [], { cwd: folder, env: { ...process.env, TMPDIR: folder }, stdio: 'pipe' });
  const stop = () => end(child, folder);
  try {
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${JSON.stringify({ ...config(options), username, password, ...tls })}\n`);
    const { host, port } = await address(child, options.signal);
    const { certificate, thumbprint } = tls;
    const url = `${options.tls === false ? 'http' : 'https'}://${host}:${port}/sdk`;
    const server = { url, host, port, username, password, certificate, thumbprint };
    return { ...server, govc: (args, signal) => govc(server, args, signal), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Runs govmomi's command line against a server. The certificate is not verified: what is under test is not govc.
 * @throws Error with what govc said
 */
export async function govc(server: ServerAddress, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const program = await buildPeer('vsphere', { package: './govc' });
  const env = {
    ...process.env,
    GOVC_URL: server.url,
    GOVC_USERNAME: server.username,
    GOVC_PASSWORD: server.password,
    GOVC_INSECURE: 'true',
    GOVC_PERSIST_SESSION: 'false',
  };
  const { stdout } = await promisify(execFile)(program, args, { env, maxBuffer: MOST_OUTPUT, signal });
  return stdout;
}

function config(options: VcsimOptions): object {
  return {
    esx: options.esx ?? false,
    load: options.load ?? '',
    apiVersion: options.apiVersion ?? '8.0.3.0',
    autostart: options.autostart ?? true,
    model: { machine: options.vms ?? 2, cluster: options.clusters ?? 1, ...options.model },
  };
}

async function address(child: ChildProcess, signal?: AbortSignal): Promise<{ readonly host: string; readonly port: number }> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('vcsim was started without pipes');
  const said: string[] = [];
  createInterface({ input: stderr }).on('line', (line) => said.push(line));
  const line = await new Promise<string>((resolve, reject) => {
    const fail = () => reject(new Error(`vcsim did not start:\n${said.join('\n')}`));
    child.once('error', reject).once('close', fail);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    createInterface({ input: stdout }).once('line', resolve);
  });
  const { host, port } = JSON.parse(line) as { host: string; port: string };
  return { host, port: Number(port) };
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const closed = once(child, 'exit');
    child.stdin?.end();
    const killing = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await closed;
    clearTimeout(killing);
  }
  await rm(folder, { recursive: true, force: true });
}
