/** Who owns an object, so that the cluster removes what is made together with what it was made for. */
import type { KubeObject, ObjectMeta, OwnerReference } from '../client/kube-client.ts';

export interface OwnOptions {
  /** The one owner that looks after the object. */
  readonly controller?: boolean;
  /** The owner stays until the object is gone, when it is deleted in the foreground. */
  readonly blocking?: boolean;
}

/**
 * The metadata with `owner` among its owners, once.
 * @throws Error when the owner cannot own it: it is not stored yet, or stands in another namespace (the cluster would delete the object at once)
 */
export function ownedBy(metadata: ObjectMeta, owner: KubeObject, options: OwnOptions = {}): ObjectMeta {
  const { apiVersion, kind } = owner;
  const { uid, name, namespace } = owner.metadata;
  if (apiVersion === undefined || kind === undefined || uid === undefined) throw new Error(`${name} is not stored yet`);
  if (namespace !== undefined && namespace !== metadata.namespace)
    throw new Error(`${name} of another namespace cannot be an owner`);
  const reference: OwnerReference = {
    ...{ apiVersion, kind, name, uid },
    ...(options.controller === true && { controller: true }),
    ...(options.blocking === true && { blockOwnerDeletion: true }),
  };
  const others = (metadata.ownerReferences ?? []).filter((other) => other.uid !== uid);
  return { ...metadata, ownerReferences: [...others, reference] };
}

/** Label: uid of the resource of ours that an object was made for. */
export const MADE_BY = 'kubeferry.dev/migration';

/** The metadata of what is made for a resource of ours. An owner in another namespace cannot own it: there the label alone says whose it is. */
export function madeFor(owner: KubeObject, metadata: ObjectMeta, options?: OwnOptions): ObjectMeta {
  const { uid = '', namespace } = owner.metadata;
  const marked = { ...metadata, labels: { ...metadata.labels, [MADE_BY]: uid } };
  return namespace === metadata.namespace ? ownedBy(marked, owner, options) : marked;
}

/** The one owner that looks after the object. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
