/** Our own resources as typed values: what is stored is checked against the schema of its kind, and what is not understood is told and left out. */
import type { z } from 'zod';
import type { Clock } from '../../contracts/clock.ts';
import type { ClusterObserver } from '../../contracts/cluster-observer.ts';
import type { Made, OwnedSpec, Resource, ResourceName, ResourceState, Resources } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import { GROUP, type Kind, VERSION } from '../../resources/kind.ts';
import type { KubeClient, KubeObject, ObjectMeta, ResourceType } from '../client/kube-client.ts';
import { Informer } from '../runtime/informer.ts';
import { byOwner } from '../runtime/object-store.ts';
import { ownedBy } from '../runtime/owners.ts';

export interface CollectionOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Only of this namespace. */
  readonly namespace?: string;
  readonly onTrouble: (error: unknown) => void;
  readonly observer?: Pick<ClusterObserver, 'followed'>;
}

export class Collection<Spec, Status> implements Resources<Spec, Status> {
  readonly #client: KubeClient;
  readonly #kind: Kind;
  readonly #type: ResourceType;
  readonly #parse: (object: KubeObject) => Resource<Spec, Status> | undefined;
  readonly #informer: Informer<Resource<Spec, Status> | undefined>;
  readonly #listeners: ((key: string) => void)[] = [];

  constructor(kind: Kind<z.ZodType<Spec>, z.ZodType<Status>>, options: CollectionOptions) {
    const { client, clock, namespace, onTrouble, observer } = options;
    this.#client = client;
    this.#kind = kind;
    this.#type = typeOf(kind);
    this.#parse = (object) => parse(kind, object, onTrouble);
    this.#informer = new Informer({
      client,
      type: this.#type,
      ...(namespace !== undefined && { selection: { namespace } }),
      project: this.#parse,
      indexes: { owner: byOwner },
      clock,
      random: Math.random,
      onChange: ({ key }) => {
        for (const listener of this.#listeners) listener(key);
      },
      ...(observer !== undefined && { onTurn: (turn) => observer.followed(kind.kind, turn) }),
      onTrouble,
    });
  }

  /** Resolves after the first whole list. */
  get synced(): Promise<void> {
    return this.#informer.synced;
  }

  /** Keeps up with the cluster until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#informer.run(signal);
  }

  get(key: string): Resource<Spec, Status> | undefined {
    return this.#informer.objects.get(key);
  }

  *values(): Iterable<Resource<Spec, Status>> {
    for (const resource of this.#informer.objects.values()) if (resource !== undefined) yield resource;
  }

  ownedBy(uid: string): readonly Resource<Spec, Status>[] {
    return this.#informer.objects.find('owner', uid).filter((resource) => resource !== undefined);
  }

  subscribe(listener: (key: string) => void): void {
    this.#listeners.push(listener);
  }

  async make({ name, owner, labels, spec }: OwnedSpec, signal: AbortSignal): Promise<Made<Spec, Status>> {
    const about = { name, namespace: owner.namespace, finalizers: [FINALIZER], ...(labels && { labels }) };
    const metadata = ownedBy(about, objectOf(owner), { controller: true, blocking: true });
    const object = await this.#client.apply(this.#type, { metadata, spec }, { signal, force: true });
    const made = this.#parse(object);
    if (made !== undefined) return { ...made, resourceVersion: object.metadata.resourceVersion ?? '' };
    throw new MigrationError('cluster-answer-broken', `The cluster has another idea of ${this.#kind.kind} than this program.`, {
      hint: 'Apply the definitions in deploy/crds of this version.',
    });
  }

  async saveStatus(of: ResourceState, status: Status, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, resourceVersion } = of;
    const object = { metadata: { namespace, name, uid, ...(resourceVersion !== undefined && { resourceVersion }) }, status };
    await this.#client.apply(this.#type, object, { signal, force: true, subresource: 'status' });
  }

  async delete({ namespace, name, uid }: ResourceState, signal: AbortSignal): Promise<void> {
    await this.#client.delete(this.#type, { namespace, name }, { signal, uid });
  }

  async release({ namespace, name, uid }: ResourceState, signal: AbortSignal): Promise<void> {
    const found = await this.#client.get(this.#type, { namespace, name }, { signal });
    if (found === undefined || found.metadata.uid !== uid) return;
    const { finalizers = [], resourceVersion } = found.metadata;
    const others = finalizers.filter((each) => each !== FINALIZER);
    if (others.length === finalizers.length) return;
    await this.#client.patch(this.#type, { namespace, name }, { metadata: { finalizers: others, resourceVersion } }, { signal });
  }
}

/** What is made for one of ours has to be cleared up before it goes. */
const FINALIZER = `${GROUP}/clean-up`;

/** A named object as the owner of others, or as what an event is about. Only for our own kinds. */
export function objectOf({ kind, namespace, name, uid }: ResourceName): KubeObject & { readonly metadata: ObjectMeta } {
  return { apiVersion: `${GROUP}/${VERSION}`, kind, metadata: { namespace, name, uid } };
}

export function typeOf({ kind, plural }: Kind): ResourceType {
  return { group: GROUP, version: VERSION, kind, plural };
}

function parse<Spec, Status>(
  kind: Kind<z.ZodType<Spec>, z.ZodType<Status>>,
  { metadata, spec, status }: KubeObject,
  onTrouble: (error: unknown) => void,
): Resource<Spec, Status> | undefined {
  const { namespace = '', name, uid = '', generation = 0, deletionTimestamp } = metadata;
  const wanted = kind.spec.safeParse(spec);
  const known = kind.status?.safeParse(status ?? {});
  const error = wanted.error ?? known?.error;
  if (!wanted.success || error !== undefined) {
    onTrouble(new Error(`${kind.kind} ${namespace}/${name} is not understood: ${error?.message ?? ''}`));
    return undefined;
  }
  return {
    key: `${namespace}/${name}`,
    ...{ namespace, name, uid, generation },
    deleting: deletionTimestamp !== undefined,
    spec: wanted.data,
    ...(known?.success === true && { status: known.data }),
  };
}
