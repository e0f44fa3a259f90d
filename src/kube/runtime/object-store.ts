/** What an informer knows of one kind, by key and by index. It holds only what is projected of each object, and knows nothing of servers. */
import type { KubeObject, ObjectRef } from '../client/kube-client.ts';

export interface Change<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly key: string;
  /** As it is now; as it was last where it is deleted. */
  readonly value: T;
  /** As it was; absent where it was not there. */
  readonly before?: T;
}

/** The values under which an object is found: none, one or several. */
export type Index = (object: KubeObject) => readonly string[];

export interface StoredObjects<T> {
  readonly size: number;
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
  /** Those that an index lists under a value. */
  find(index: string, value: string): readonly T[];
}

interface Entry<T> {
  readonly value: T;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  /** By index: the values that it is listed under. */
  readonly listed: Readonly<Record<string, readonly string[]>>;
}

/** `namespace/name`, or `name` for kinds of the whole cluster. */
export function keyOf({ namespace, name }: ObjectRef): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function byUid({ metadata: { uid } }: KubeObject): readonly string[] {
  return uid === undefined ? [] : [uid];
}

/** Lists an object under the uid of each of its owners. */
export function byOwner({ metadata: { ownerReferences = [] } }: KubeObject): readonly string[] {
  return ownerReferences.map(({ uid }) => uid);
}

/** Lists an object under its value of a label. */
export function byLabel(label: string): Index {
  return ({ metadata: { labels } }) => {
    const value = labels?.[label];
    return value === undefined ? [] : [value];
  };
}

export class ObjectStore<T> implements StoredObjects<T> {
  readonly #project: (object: KubeObject) => T;
  readonly #indexes: readonly (readonly [name: string, index: Index])[];
  readonly #entries = new Map<string, Entry<T>>();
  readonly #lists = new Map<string, Map<string, Set<string>>>();

  constructor(project: (object: KubeObject) => T, indexes: Readonly<Record<string, Index>> = {}) {
    this.#project = project;
    this.#indexes = Object.entries(indexes);
    for (const [name] of this.#indexes) this.#lists.set(name, new Map());
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  *values(): IterableIterator<T> {
    for (const { value } of this.#entries.values()) yield value;
  }

  find(index: string, value: string): readonly T[] {
    const list = this.#lists.get(index);
    if (list === undefined) throw new Error(`No index ${index}`);
    return [...(list.get(value) ?? [])].flatMap((key) => {
      const entry = this.#entries.get(key);
      return entry === undefined ? [] : [entry.value];
    });
  }

  /** Nothing changes where this very state is known; another object of the same name is one that went and one that came. */
  put(object: KubeObject): readonly Change<T>[] {
    const key = keyOf(object.metadata);
    const { uid, resourceVersion } = object.metadata;
    const known = this.#entries.get(key);
    if (known !== undefined && known.uid === uid && known.resourceVersion === resourceVersion) return [];
    const gone = known !== undefined && known.uid !== uid ? this.remove(key) : [];
    const before = this.#entries.get(key);
    if (before !== undefined) this.#unlist(key, before);
    const listed = Object.fromEntries(this.#indexes.map(([name, index]) => [name, index(object)] as const));
    const value = this.#project(object);
    this.#entries.set(key, { value, uid, resourceVersion, listed });
    this.#list(key, listed);
    const change: Change<T> =
      before === undefined ? { type: 'added', key, value } : { type: 'modified', key, value, before: before.value };
    return [...gone, change];
  }

  remove(key: string): readonly Change<T>[] {
    const known = this.#entries.get(key);
    if (known === undefined) return [];
    this.#unlist(key, known);
    this.#entries.delete(key);
    return [{ type: 'deleted', key, value: known.value, before: known.value }];
  }

  /** Removes everything else: those were deleted while nobody watched. */
  keepOnly(keys: ReadonlySet<string>): readonly Change<T>[] {
    return [...this.#entries.keys()].filter((key) => !keys.has(key)).flatMap((key) => this.remove(key));
  }

  #list(key: string, listed: Entry<T>['listed']): void {
    for (const [name, values] of Object.entries(listed)) {
      const list = this.#lists.get(name);
      for (const value of values) {
        const keys = list?.get(value);
        if (keys === undefined) list?.set(value, new Set([key]));
        else keys.add(key);
      }
    }
  }

  #unlist(key: string, { listed }: Entry<T>): void {
    for (const [name, values] of Object.entries(listed)) {
      const list = this.#lists.get(name);
      for (const value of values) {
        const keys = list?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) list?.delete(value);
      }
    }
  }
}
