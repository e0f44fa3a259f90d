/**
 * A Hyper-V host for tests, or a failover cluster of several, each node with a WinRM service of its own on loopback; each layer is a file under
 * `hyperv/`. It has no PowerShell: a script is known by the hash of its shipped text, and answered from a model whose disks are real VHDX files.
 * Proves: that our client speaks WinRM as documented (Debian's pywinrm works with this server; NTLM and sealing are done by Debian's
 * gss-ntlmssp), that it survives bad weather, that the orchestration is right, and that every byte arrives, through real files.
 * Does not prove: that the scripts work, nor what a real host answers. Checkpoints, reference points, change tracking and jobs are modelled on
 * documentation and on other people's code; no claim about a real host may rest on what runs against this. Shares nothing with
 * providers/hyperv; the shipped scripts are read for their hashes only.
 * Where documents are silent it takes the stricter side: an RCT id counts only while a reference point holds it, changes of a file that is
 * being written are refused, ranges come in parts, a power cut leaves a dirty log.
 *
 *     await using hyperv = await startHyperv({ vms: { web: { disks: [8 * MiB, { capacity: 4 * MiB, type: 'Fixed' }], writeEvery: 3 } } });
 *     const { host, port, securePort, username, password, certificate } = hyperv;   // port: plain HTTP, NTLM with sealing only
 *     const web = hyperv.vm('web');              // web.id; later: await hyperv.add('run-8', {...}), await hyperv.drop(web)
 *     web.tick(10);                              // its guest writes, only while it is on; also before every third script (`writeEvery`)
 *     hyperv.folderOf('VMs');                    // where a share of the host really is, for samba; hyperv.real('C:\\VMs\\web\\web.vhdx')
 *     hyperv.weather('operation-timeout', 2);    // on the wire; hyperv.trouble('disk-grown', web) to a machine
 *     hyperv.plague({ seed, kinds: ['rct-reset', 'cut-after'] });
 *     await hyperv.outage(); await hyperv.kill(); await hyperv.revive();
 *     web.truth()?.digest('scsi0:0');            // what a migrated VM has to hold: the disks while it is off, or when it last was
 *     hyperv.ledger.chronicle, .ran, .refused, .openShells, .checkpoints, .referencePoints
 *     await hyperv.run('HV1', commandLine, stdin);   // the same scripts for an SSH server in front of it
 *
 * Nodes of a cluster listen on 127.0.0.1, 127.0.0.2 … at the same ports, as their `fqdn` says.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PeerCertificate, selfSigned } from './certificate.ts';
import { freePorts } from './free-ports.ts';
import { Answers } from './hyperv/answers.ts';
import { Console, type Ran } from './hyperv/console.ts';
import { Listener, type ListenerRules } from './hyperv/listener.ts';
import type { Machine } from './hyperv/machine.ts';
import { Others } from './hyperv/others.ts';
import { Scripts } from './hyperv/scripts.ts';
import { type CommandLine, type Ended, type Quotas, Shells } from './hyperv/shells.ts';
import { type Node, System, type SystemOptions, type VmOptions } from './hyperv/system.ts';
import { type Plague, type Trouble, Troubles } from './hyperv/troubles.ts';
import { Weather, type WeatherKind } from './hyperv/weather.ts';
import type { Chronicle } from './vcenter/chronicle.ts';

export interface HypervOptions
  extends Omit<SystemOptions, 'folder'>,
    Pick<ListenerRules, 'logins' | 'unencrypted' | 'certificates'> {
  /** Where its files are; one of its own when absent, which goes with it. */
  readonly folder?: string;
  /** By name. */
  readonly vms?: Readonly<Record<string, VmOptions>>;
  readonly quotas?: Quotas;
  readonly certificate?: PeerCertificate;
  readonly username?: string;
  readonly password?: string;
  /** Further accounts with the same password. */
  readonly accounts?: readonly string[];
  /** Where the scripts are that may run; the product's when absent. */
  readonly scripts?: string;
}

export interface Ledger {
  readonly chronicle: Chronicle;
  /** Scripts, oldest first. */
  readonly ran: readonly Ran[];
  /** What was no shipped script, no fitting input. */
  readonly refused: readonly string[];
  /** Weather that has struck, and troubles. */
  readonly struck: readonly WeatherKind[];
  readonly troubles: readonly string[];
  /** Shells that nobody has deleted. */
  readonly openShells: number;
  readonly shellsOpened: number;
  /** Connections made to all listeners. */
  readonly connections: number;
  /** Checkpoints of ours that are there, as `vm name`. */
  readonly checkpoints: readonly string[];
  readonly referencePoints: readonly string[];
}

export interface Hyperv extends AsyncDisposable {
  /** Of the first host. */
  readonly host: string;
  /** Plain HTTP; messages have to be sealed. */
  readonly port: number;
  readonly securePort: number;
  /** `hyperv://user@host:port`, over HTTPS. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly certificate: PeerCertificate;
  /** Where its files are. */
  readonly folder: string;
  readonly nodes: readonly Node[];
  /** Where a share of the hosts really is. */
  folderOf(share: string): string;
  /** Where a path of the hosts really is. */
  real(windows: string): string;
  /** @throws RangeError where there is none */
  vm(name: string): Machine;
  add(name: string, options?: VmOptions): Promise<Machine>;
  drop(machine: Machine): Promise<void>;
  /** Something goes wrong on the wire, so many times. */
  weather(kind: WeatherKind, times?: number): void;
  /** What other people, programs and the cluster do to a machine. */
  readonly others: Others;
  /** Lets something happen to a machine; false where it cannot at the moment. */
  trouble(kind: Trouble, machine: Machine): Promise<boolean>;
  /** Random troubles from now on, as scripts run; none any longer when nothing is given. */
  plague(plague?: Plague): void;
  /** Fair weather again, and no more plague. */
  clear(): void;
  /** Most bytes that one call for changes tells of; undefined for all at once. */
  partial(bytes: number | undefined): void;
  /** Runs a command on a host as somebody who is logged in there. */
  run(host: string, line: Pick<CommandLine, 'program' | 'args'>, stdin: Buffer): Promise<Ended>;
  /** The service restarts: connections are cut, shells are gone. All nodes when none is named. */
  outage(node?: string): Promise<void>;
  /** The service is gone until `revive`; machines do not notice. */
  kill(node?: string): Promise<void>;
  revive(node?: string): Promise<void>;
  /** A node of the cluster dies: its service is gone, and its machines start again on another one. */
  failNode(node: string): Promise<void>;
  recoverNode(node: string): Promise<void>;
  readonly ledger: Ledger;
}

interface Stand {
  readonly node: Node;
  readonly console: Console;
  readonly shells: Shells;
  readonly listener: Listener;
}

/** Starts it on loopback. @throws Error when the shipped scripts are not there */
export async function startHyperv(options: HypervOptions = {}): Promise<Hyperv> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'kubeferry-hyperv-'));
  const system = new System({ ...options, folder });
  const answers = new Answers(system);
  const scripts = new Scripts(options.scripts);
  const weather = new Weather();
  const ran: Ran[] = [];
  const refused: string[] = [];
  const certificate = options.certificate ?? selfSigned({ hosts: [...system.nodes.map(({ address }) => address), 'localhost'] });
  const { username = 'Administrator', password = 'Pa55-w\u00f6rd' } = options;
  const others = new Others(system);
  const passes = async (): Promise<void> => {
    await troubles.due();
    for (const machine of system.machines.values())
      if (machine.writeEvery && ran.length % machine.writeEvery === 0) machine.tick();
  };
  const stands = system.nodes.map((node): Stand => {
    const console = new Console({ node, scripts, answers, weather, passes, ran, refused });
    const shells = new Shells((line, stdin) => console.run(line, stdin), options.quotas ?? {}, weather);
    const domains = [node.name, node.address];
    const accounts = [username, ...(options.accounts ?? [])].map((name) => ({ username: name, password, domains }));
    return { node, console, shells, listener: new Listener({ ...options, accounts, certificate }, shells, weather) };
  });
  const [port = 0, securePort = 0] = await freePorts(2);
  const among = (name?: string): readonly Stand[] => stands.filter(({ node }) => name === undefined || node.name === name);
  const listen = async (name?: string): Promise<void> => {
    for (const { listener, node } of among(name)) await listener.listen(node.address, port, securePort);
  };
  const close = async (name?: string): Promise<void> => {
    for (const { listener } of among(name)) await listener.close();
  };
  const outage = async (name?: string): Promise<void> => {
    await close(name);
    await listen(name);
  };
  const troubles = new Troubles({ others, weather, machines: system.machines, outage });
  const machines = () => [...system.machines.values()];
  const host = system.nodes[0]?.address ?? '127.0.0.1';
  const hyperv: Hyperv = {
    host,
    port,
    securePort,
    url: `hyperv://${encodeURIComponent(username)}@${host}:${securePort}`,
    username,
    password,
    certificate,
    folder,
    nodes: system.nodes,
    folderOf: (share) => {
      const found = system.shares.find(({ name }) => name === share);
      if (!found) throw new RangeError(`there is no share ${share}`);
      return system.real(found.path);
    },
    real: system.real,
    vm: (name) => system.named(name),
    add: (name, vm) => system.add(name, vm),
    drop: (machine) => system.remove(machine),
    weather: (kind, times) => weather.order(kind, times),
    others,
    trouble: (kind, machine) => troubles.strike(kind, machine),
    plague: (plague) => troubles.plague(plague),
    clear: () => {
      weather.clear();
      troubles.plague();
    },
    partial: (bytes) => {
      answers.partial = bytes;
    },
    run: async (name, line, stdin) => {
      const command = { ...line, direct: true, console: false };
      const console = among(name)[0]?.console;
      if (!console) throw new RangeError(`there is no host ${name}`);
      const ended = (await console.run(command, undefined)) ?? (await console.run(command, stdin));
      if (!ended) throw new Error('the command does not end');
      return ended;
    },
    outage,
    kill: close,
    revive: listen,
    failNode: async (name) => {
      for (const { node } of among(name)) node.state = 'Down';
      await close(name);
      for (const machine of machines()) if (machine.node === name) await others.failover(machine);
    },
    recoverNode: async (name) => {
      for (const { node } of among(name)) node.state = 'Up';
      await listen(name);
    },
    ledger: {
      chronicle: system.chronicle,
      ran,
      refused,
      struck: weather.struck,
      troubles: troubles.struck,
      get openShells() {
        return sum(stands.map(({ shells }) => shells.open));
      },
      get shellsOpened() {
        return sum(stands.map(({ shells }) => shells.opened));
      },
      get connections() {
        return sum(stands.map(({ listener }) => listener.connected));
      },
      get checkpoints() {
        return machines().flatMap((m) =>
          m.checkpoints.filter(({ foreign }) => !foreign).map(({ name }) => `${m.facts.name} ${name}`),
        );
      },
      get referencePoints() {
        return machines().flatMap((m) => m.referencePoints.map(({ name }) => `${m.facts.name} ${name}`));
      },
    },
    [Symbol.asyncDispose]: async () => {
      for (const { listener } of stands) await listener.stop();
      await system.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    for (const [name, vm] of Object.entries(options.vms ?? {})) await system.add(name, vm);
    await listen();
    return hyperv;
  } catch (error) {
    await hyperv[Symbol.asyncDispose]();
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
