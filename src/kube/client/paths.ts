/** Where a kind or an object stands below an API server. */
import type { ObjectRef, ResourceType } from './kube-client.ts';

/** Of a collection where there is no name, of the whole cluster where there is no namespace. */
export function pathOf({ group, version, plural }: ResourceType, ref: Partial<ObjectRef>, subresource?: string): string {
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (ref.namespace !== undefined) parts.push('namespaces', ref.namespace);
  parts.push(plural);
  if (ref.name !== undefined) parts.push(ref.name);
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** Parameters without a value are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}
