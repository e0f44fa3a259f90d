/** The target's facts by name, indexed once for a run: clusters have thousands of namespaces and attachments, and plans thousands of VMs. */
import type {
  ClusterFacts,
  NamespaceFacts,
  NetworkAttachmentFacts,
  UserDefinedNetworkFacts,
} from '../src/model/cluster-facts.ts';

/** Absent members are unknown. */
export interface ClusterIndex {
  /** By `namespace/name`. */
  readonly attachments?: ReadonlyMap<string, NetworkAttachmentFacts>;
  readonly namespaces?: ReadonlyMap<string, NamespaceFacts>;
  /** Primary networks by namespace; cluster-wide ones under the empty string. */
  readonly primaryNetworks: ReadonlyMap<string, UserDefinedNetworkFacts>;
}

const INDEXES = new WeakMap<ClusterFacts, ClusterIndex>();

export function clusterIndex(facts: ClusterFacts): ClusterIndex {
  const known = INDEXES.get(facts);
  if (known !== undefined) return known;
  const { networkAttachments, namespaces, userDefinedNetworks = [] } = facts;
  const primary = userDefinedNetworks.filter(({ role }) => role === 'primary');
  const index: ClusterIndex = {
    ...(networkAttachments && { attachments: byKey(networkAttachments, ({ namespace, name }) => `${namespace}/${name}`) }),
    ...(namespaces && { namespaces: byKey(namespaces, ({ name }) => name) }),
    primaryNetworks: byKey(primary, ({ namespace = '' }) => namespace),
  };
  INDEXES.set(facts, index);
  return index;
}

function byKey<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [key(item), item]));
}
