/** Finds the entry of the user's network map for a source network, in a map of any size. */
import type { NetworkMap, NetworkSource, NetworkTarget } from '../src/model/mapping.ts';
import type { NetworkRef } from '../src/model/network.ts';

type Index = ReadonlyMap<string, NetworkTarget>;

/** Made once for each map. */
const INDEXES = new WeakMap<NetworkMap, Index>();

/** Target of the entry that says most about the network (see NetworkSource); of two that say the same, the first. */
export function findTarget(map: NetworkMap, network: NetworkRef | undefined): NetworkTarget | undefined {
  if (network === undefined || map.entries.length === 0) return undefined;
  const index = indexOf(map);
  const { id, name, vlan } = network;
  return (
    (vlan === undefined ? undefined : index.get(keyOf({ id, name, vlan }))) ??
    index.get(keyOf({ id, name })) ??
    (vlan === undefined ? undefined : index.get(keyOf({ id, vlan }))) ??
    index.get(keyOf({ id })) ??
    (vlan === undefined ? undefined : index.get(keyOf({ name, vlan }))) ??
    index.get(keyOf({ name })) ??
    (vlan === undefined ? undefined : index.get(keyOf({ vlan })))
  );
}

function indexOf(map: NetworkMap): Index {
  const known = INDEXES.get(map);
  if (known !== undefined) return known;
  const index = new Map<string, NetworkTarget>();
  for (const { source, target } of map.entries) {
    for (const key of keysOf(source)) if (!index.has(key)) index.set(key, target);
  }
  INDEXES.set(map, index);
  return index;
}

/** A text stands for an id and for a name; a source that says nothing fits nothing. */
function keysOf(source: NetworkSource): readonly string[] {
  if (typeof source === 'string') return [keyOf({ id: source }), keyOf({ name: source })];
  const key = keyOf(source);
  return key === keyOf({}) ? [] : [key];
}

function keyOf(source: Exclude<NetworkSource, string>): string {
  return `${source.id ?? ''}\0${source.name ?? ''}\0${source.vlan ?? ''}`;
}
