import { hash } from 'node:crypto';
import type { Connection } from '../contracts/provider.ts';
import type { WorkerSource } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import { accessOptions, letsIn, readSecretLogin } from '../resources/provider-access.ts';
import { LiveInventory } from './live-inventory.ts';
import type { ProviderResource, Services } from './services.ts';

/** An open connection and what it tells. It is closed when it was replaced and nobody uses it any more. */
export class Source {
  readonly connection: Connection;
  readonly inventory: LiveInventory;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #users = 0;
  #retired = false;
  readonly #closed = Promise.withResolvers<void>();

  /** @param changed the inventory, or whether it is told at all */
  constructor(connection: Connection, services: Pick<Services, 'clock'>, changed: () => void) {
    this.connection = connection;
    this.inventory = new LiveInventory(connection, services.clock);
    this.#running = this.inventory.run(changed, this.#stop.signal);
  }

  /** Keeps it open until the returned function is called. */
  use(): () => void {
    this.#users += 1;
    let used = true;
    return () => {
      if (!used) return;
      used = false;
      this.#users -= 1;
      if (this.#retired && this.#users === 0) void this.close();
    };
  }

  /** Nobody new uses it. Those who do go on. */
  retire(): void {
    this.#retired = true;
    this.#stop.abort();
    if (this.#users === 0) void this.close();
  }

  close(): Promise<void> {
    this.#stop.abort();
    void this.#running
      .then(() => this.connection[Symbol.asyncDispose]())
      .catch(() => undefined)
      .then(() => this.#closed.resolve());
    return this.#closed.promise;
  }

  /** Resolves when it is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }
}

interface Opened {
  /** Of what it was opened with: the spec and the login. */
  readonly as: string;
  readonly source: Promise<Source | undefined>;
}

interface Login {
  readonly as: string;
  readonly secret: Readonly<Record<string, string>> | undefined;
}

/** Open connections to providers: one a provider, kept until its spec or its Secret changes. Logins are in memory only. */
export class Sources implements AsyncDisposable {
  readonly #services: Services;
  readonly #signal: AbortSignal;
  readonly #changed: (key: string) => void;
  readonly #open = new Map<string, Opened>();
  /** Closed at the end, also those that were replaced and are in use. */
  readonly #all = new Set<Source>();

  /** @param signal of the whole process @param changed told of the key of a provider whose inventory changed */
  constructor(services: Services, signal: AbortSignal, changed: (key: string) => void) {
    this.#services = services;
    this.#signal = signal;
    this.#changed = changed;
  }

  /**
   * The source as it is open; undefined while it is not there yet.
   * @throws MigrationError of the provider
   */
  async source(provider: ProviderResource): Promise<Source | undefined> {
    const known = this.#open.get(provider.uid);
    return known === undefined ? await this.look(provider) : await known.source;
  }

  /** The same, after a look whether it is opened as spec and Secret are now. */
  async look(provider: ProviderResource): Promise<Source | undefined> {
    const login = await this.#login(provider);
    const known = this.#open.get(provider.uid);
    if (known?.as === login.as) return await known.source;
    this.forget(provider.uid);
    const source = this.#connect(provider, login);
    this.#open.set(provider.uid, { as: login.as, source });
    const opened = await source.catch(() => undefined);
    if (opened === undefined) this.#forgetIf(provider.uid, source);
    return await source;
  }

  /** To be opened anew. Who uses it goes on with what is open. */
  forget(uid: string): void {
    const known = this.#open.get(uid);
    this.#open.delete(uid);
    void known?.source.then((source) => source?.retire()).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ source }) => source.catch(() => undefined)));
    await Promise.all([...this.#all].map((source) => source.close()));
  }

  #forgetIf(uid: string, source: Opened['source']): void {
    if (this.#open.get(uid)?.source === source) this.#open.delete(uid);
  }

  async #login({ spec, namespace, generation }: ProviderResource): Promise<Login> {
    const { secretRef } = spec;
    const secret = secretRef && (await this.#services.secret({ namespace, name: secretRef.name }, this.#signal));
    const as = `${generation} ${hash('sha256', JSON.stringify(Object.entries(secret ?? {}).toSorted()))}`;
    return { as, secret };
  }

  async #connect(provider: ProviderResource, login: Login): Promise<Source | undefined> {
    const connection = await this.#openConnection(provider, login);
    if (connection === undefined) return undefined;
    const source = new Source(connection, this.#services, () => this.#changed(provider.key));
    this.#all.add(source);
    void source.closed.then(() => this.#all.delete(source));
    return source;
  }

  async #openConnection(provider: ProviderResource, { secret }: Login): Promise<Connection | undefined> {
    const { spec } = provider;
    const signal = this.#signal;
    if (spec.type === 'image') return await this.#services.openImages(provider, signal);
    const { url, secretRef } = spec;
    if (url === undefined || secretRef === undefined)
      throw new MigrationError('config-invalid', 'The provider has no url or no secretRef.');
    const login = readSecretLogin(secret ?? {});
    if (!letsIn(login)) {
      throw new MigrationError(
        'credentials-missing',
        `The Secret ${secretRef.name} is not there, or holds no user or no password.`,
        {
          hint: `kubectl create secret generic ${secretRef.name} --from-literal=user=… --from-file=password=…`,
        },
      );
    }
    return await this.#services.connect(url, { signal, ...accessOptions(spec, login) });
  }
}

/** What a worker needs to get at the same source. */
export function workerSource({ spec }: ProviderResource): WorkerSource {
  const { url, secretRef, images, insecure, transport, loginMethod, paths = [], vddk } = spec;
  if (images !== undefined && spec.type === 'image') return { kind: 'images', claim: images.claim };
  if (url === undefined || secretRef === undefined) throw new Error('the definition of Provider lets no such spec through');
  const server = { url, insecure, transport, ...(loginMethod !== undefined && { loginMethod }) };
  const claims = [...new Set(paths.flatMap(({ claim }) => claim ?? []))];
  return {
    ...{ kind: 'server', server, secret: secretRef.name },
    ...(vddk !== undefined && { vddk: vddk.image }),
    ...(claims.length > 0 && { shares: claims }),
  };
}
