/** Where the facts come from: lists of kinds, some of which may not be there or not be shown to us. */
import type { UnknownFacts } from '../../contracts/cluster.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient, KubeObject, ListOptions, ResourceType, Selection } from '../client/kube-client.ts';

export type ReadOptions = Omit<ListOptions, 'signal' | 'consistent'>;

const WHY: Readonly<Record<string, UnknownFacts['why']>> = {
  'cluster-kind-missing': 'missing',
  'cluster-forbidden': 'forbidden',
};

export class FactsSource {
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #unknown: UnknownFacts[] = [];
  /** Where VMs and what limits them is looked for: everywhere, or in the one namespace that we work in. */
  readonly within: Selection;

  constructor(client: KubeClient, signal: AbortSignal, namespace?: string) {
    this.#client = client;
    this.#signal = signal;
    this.within = namespace === undefined ? {} : { namespace };
  }

  /** What could not be read so far, by name. */
  get unknown(): readonly UnknownFacts[] {
    return this.#unknown.toSorted((a, b) => (a.what < b.what ? -1 : 1));
  }

  /** False, and noted, when the kind is not there or may not be read. @throws MigrationError for every other trouble */
  async each(type: ResourceType, visit: (object: KubeObject) => void, options: ReadOptions = {}): Promise<boolean> {
    const what = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
    const read = await this.#unlessUnknown(what, async () => {
      for await (const { items } of this.#client.list(type, { ...options, signal: this.#signal })) items.forEach(visit);
      return true;
    });
    return read === true;
  }

  /** What is made of each object; undefined, and noted, when the kind is not there or may not be read. */
  async collect<T>(
    type: ResourceType,
    project: (object: KubeObject) => T | undefined,
    options: ReadOptions = {},
  ): Promise<readonly T[] | undefined> {
    const found: T[] = [];
    const read = await this.each(
      type,
      (object) => {
        const one = project(object);
        if (one !== undefined) found.push(one);
      },
      options,
    );
    return read ? found : undefined;
  }

  /** A document of the API server; undefined, and noted, when it may not be read. */
  async document(path: string): Promise<unknown> {
    return await this.#unlessUnknown(path, () => this.#client.read(path, { signal: this.#signal }));
  }

  /** Notes something that was read and cannot be understood. */
  odd(what: string, because: string): void {
    this.#unknown.push({ what, why: 'odd', because });
  }

  async #unlessUnknown<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      const why = error instanceof MigrationError ? WHY[error.code] : undefined;
      if (!(error instanceof MigrationError) || why === undefined) throw error;
      this.#unknown.push({ what, why, because: error.message });
      return undefined;
    }
  }
}
