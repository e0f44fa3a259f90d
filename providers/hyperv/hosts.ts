/**
 * The host of the URL, or all nodes of the failover cluster that it is part of. Each node is spoken to directly, with the same login: a node may
 * not pass a login on, and most of the virtualization API answers only where a VM runs.
 */
import { MigrationError } from '../../src/model/errors.ts';
import type { Remote } from './remote.ts';
import type { Host } from './scripts/host-answer.ts';
import { explain } from './trouble.ts';

export interface HostsParts {
  /** Of the URL. */
  readonly host: string;
  /** Opens the host of the URL, or a node by its address. @throws MigrationError of the login */
  readonly open: (host: string, signal: AbortSignal) => Promise<Remote>;
}

type Cluster = NonNullable<Host['cluster']>;
export type Role = Cluster['roles'][number];

/** One host, as the rest of the provider names it. */
export interface HostNode {
  /** `Host.name` of it. */
  readonly name: string;
  /** By which it is reached from here. */
  readonly address: string;
  readonly state: Cluster['nodes'][number]['state'];
}

export class Hosts implements AsyncDisposable {
  readonly #parts: HostsParts;
  readonly #first: Remote;
  /** What the host of the URL says of itself, and any node of the cluster. */
  #seen: Host;
  /** By the node's name in lower case; never the host of the URL. */
  readonly #others = new Map<string, Promise<Remote>>();
  readonly #facts = new Map<string, Promise<Host>>();
  readonly #life = new AbortController();

  private constructor(parts: HostsParts, first: Remote, seen: Host) {
    this.#parts = parts;
    this.#first = first;
    this.#seen = seen;
    this.#facts.set(lower(seen.name), Promise.resolve(seen));
  }

  /** Logs in and asks the host who it is. @throws MigrationError of the login; `source-refused` for a host without Hyper-V */
  static async open(parts: HostsParts, signal: AbortSignal): Promise<Hosts> {
    const first = await parts.open(parts.host, signal);
    try {
      const seen = await first.run('host', {}, signal);
      if (seen.hyperv) return new Hosts(parts, first, seen);
      throw new MigrationError('source-refused', `${first.host} runs no Hyper-V.`, {
        file: first.host,
        hint: 'Name a host with the Hyper-V role and its PowerShell module, or a node of the cluster.',
      });
    } catch (error) {
      await first[Symbol.asyncDispose]();
      throw explain(error, { what: `${first.host} cannot be asked what it is`, file: first.host });
    }
  }

  /** All that the cluster counts, those that are down too, in a stable order; without a cluster the one host. */
  get nodes(): readonly HostNode[] {
    const { name, fqdn } = this.#seen;
    const nodes: Cluster['nodes'] = this.#cluster?.nodes ?? [{ name, fqdn, state: 'Up' }];
    return nodes
      .map((node) => ({ name: node.name, state: node.state, address: this.#addressOf(node) }))
      .toSorted((a, b) => (lower(a.name) < lower(b.name) ? -1 : 1));
  }

  /** By its name, in any case. */
  node(name: string): HostNode | undefined {
    return this.nodes.find((node) => lower(node.name) === lower(name));
  }

  /** Of the failover cluster, where there is one and it may be asked. */
  get cluster(): string | undefined {
    return this.#cluster?.name;
  }

  /** Where the cluster's VMs run. */
  get roles(): readonly Role[] {
    return this.#cluster?.roles ?? [];
  }

  /** A cluster that does not answer this account is as good as none: only the VMs of this host are seen. */
  get #cluster(): Cluster | undefined {
    const { cluster } = this.#seen;
    return cluster?.readable === true && cluster.nodes.length > 0 ? cluster : undefined;
  }

  #addressOf({ name, fqdn }: Cluster['nodes'][number]): string {
    const { host } = this.#parts;
    // The name of a cluster leads to whichever node holds it, and not to the node's shares.
    const isCluster = lower(host).split('.')[0] === lower(this.#cluster?.name ?? '').split('.')[0];
    return lower(name) === lower(this.#seen.name) && !isCluster ? host : (fqdn ?? name);
  }

  /** Which nodes are up and where roles run, as it is now. @throws MigrationError when no node answers */
  async refresh(signal: AbortSignal): Promise<void> {
    const others = this.nodes.filter(({ name, state }) => state !== 'Down' && !this.#isFirst(name));
    let failure: unknown;
    for (const node of [undefined, ...others]) {
      try {
        const remote = node === undefined ? this.#first : await this.remote(node.name, signal);
        const answer = await remote.run('host', {}, signal);
        // Behind the name of a cluster another node may answer this time.
        if (node === undefined) this.#seen = answer;
        else if (answer.cluster?.readable === true) this.#seen = { ...this.#seen, cluster: answer.cluster };
        this.#facts.set(lower(answer.name), Promise.resolve(answer));
        return;
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
      }
    }
    throw explain(failure, { what: `${this.#parts.host} cannot be asked what it is`, file: this.#parts.host });
  }

  /** What a node says of itself. @param fresh asks again @throws MigrationError */
  async facts(name: string, signal: AbortSignal, fresh = false): Promise<Host> {
    if (fresh) this.#facts.delete(lower(name));
    try {
      return await shared(this.#facts, lower(name), signal, async () => {
        const remote = await this.remote(name, this.#life.signal);
        return await remote.run('host', {}, this.#life.signal);
      });
    } catch (error) {
      signal.throwIfAborted();
      throw explain(error, { what: `${name} cannot be asked what it is`, file: name });
    }
  }

  /** What all nodes that answer say of themselves now. @throws MigrationError when none answers */
  async allFacts(signal: AbortSignal): Promise<readonly Host[]> {
    await this.refresh(signal);
    const up = this.nodes.filter(({ state }) => state !== 'Down');
    const asked = await Promise.allSettled(up.map(({ name }) => this.facts(name, signal, !this.#isFirst(name))));
    signal.throwIfAborted();
    return asked.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  }

  /** @throws MigrationError of the login */
  async remote(name: string, signal: AbortSignal): Promise<Remote> {
    signal.throwIfAborted();
    if (this.#isFirst(name)) return this.#first;
    const address = this.node(name)?.address ?? name;
    return await shared(this.#others, lower(name), signal, () => this.#parts.open(address, this.#life.signal));
  }

  #isFirst(name: string): boolean {
    return lower(name) === lower(this.#seen.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    const others = await Promise.allSettled(this.#others.values());
    const open = others.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await Promise.all([this.#first, ...open].map((remote) => remote[Symbol.asyncDispose]()));
  }
}

/** Whoever asks for the same meanwhile waits for the same answer, each as long as its own signal lets it. A failure is not kept. */
async function shared<T>(known: Map<string, Promise<T>>, key: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const asked = known.get(key) ?? ask();
  known.set(key, asked);
  asked.catch(() => {
    if (known.get(key) === asked) known.delete(key);
  });
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([asked, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function lower(name: string): string {
  return name.toLowerCase();
}
