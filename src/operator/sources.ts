import type { Connection } from '../contracts/provider.ts';
import type { WorkerSource } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import type { ProviderResource, Services } from './services.ts';

/** Open connections to providers: one a provider, kept until its spec changes. Logins are in memory only. */
export class Sources implements AsyncDisposable {
  readonly #services: Services;
  readonly #signal: AbortSignal;
  readonly #open = new Map<string, { readonly generation: number; readonly connection: Promise<Connection | undefined> }>();

  /** @param signal of the whole process */
  constructor(services: Services, signal: AbortSignal) {
    this.#services = services;
    this.#signal = signal;
  }

  /**
   * The connection; undefined while it is not there yet.
   * @throws MigrationError of the provider
   */
  async connection(provider: ProviderResource): Promise<Connection | undefined> {
    const known = this.#open.get(provider.uid);
    if (known?.generation === provider.generation) return await known.connection;
    await this.forget(provider.uid);
    const connection = this.#connect(provider);
    this.#open.set(provider.uid, { generation: provider.generation, connection });
    const opened = await connection.catch(() => undefined);
    if (opened === undefined) this.#open.delete(provider.uid);
    return await connection;
  }

  /** To be opened anew. */
  async forget(uid: string): Promise<void> {
    const known = this.#open.get(uid);
    this.#open.delete(uid);
    await (await known?.connection.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.keys()].map((uid) => this.forget(uid)));
  }

  async #connect(provider: ProviderResource): Promise<Connection | undefined> {
    const { spec, namespace } = provider;
    const signal = this.#signal;
    if (spec.type === 'image') return await this.#services.openImages(provider, signal);
    const { url, secretRef, insecure, transport } = spec;
    if (url === undefined || secretRef === undefined)
      throw new MigrationError('config-invalid', 'The provider has no url or no secretRef.');
    const secret = await this.#services.secret({ namespace, name: secretRef.name }, signal);
    const login = (name: string): string | undefined => secret?.[name]?.replace(/\r?\n$/, '');
    const [user, password, ca, thumbprint] = ['user', 'password', 'ca.crt', 'thumbprint'].map(login);
    if (user === undefined || password === undefined) {
      throw new MigrationError(
        'credentials-missing',
        `The Secret ${secretRef.name} is not there, or holds no user or no password.`,
        {
          hint: `kubectl create secret generic ${secretRef.name} --from-literal=user=… --from-file=password=…`,
        },
      );
    }
    return await this.#services.connect(url, {
      signal,
      credentials: () => Promise.resolve({ user, password }),
      trust: { ...(ca !== undefined && { ca }), ...(thumbprint !== undefined && { thumbprint }), ...(insecure && { insecure }) },
      ...(transport !== 'auto' && { transport }),
    });
  }
}

/** What a worker needs to get at the same source. */
export function workerSource({ spec }: ProviderResource): WorkerSource {
  const { url, secretRef, images, insecure, transport } = spec;
  if (images !== undefined && spec.type === 'image') return { kind: 'images', claim: images.claim };
  if (url === undefined || secretRef === undefined) throw new Error('the definition of Provider lets no such spec through');
  return { kind: 'server', server: { url, insecure, transport }, secret: secretRef.name };
}
