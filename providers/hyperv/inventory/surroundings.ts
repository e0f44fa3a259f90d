/** What VMs are attached to: switches, volumes, nodes, and the rules of the cluster between VMs. */

import { defined } from '../../../src/model/defined.ts';
import type { Relation } from '../../../src/model/estimate.ts';
import type { Inventory, SourceHost } from '../../../src/model/inventory.ts';
import type { Host } from '../scripts/host-answer.ts';
import { readNetworks } from './networks.ts';
import { readStorages } from './storage.ts';

/** @param hosts all that were asked; nodes of their cluster that do not answer are told as well */
export function toSurroundings(hosts: readonly Host[]): Omit<Inventory, 'vms'> {
  const relations = readRelations(hosts);
  return {
    networks: readNetworks(hosts),
    storages: readStorages(hosts),
    hosts: readHosts(hosts),
    ...(relations.length > 0 && { relations }),
  };
}

type Node = NonNullable<Host['cluster']>['nodes'][number];

const CONNECTIONS: Readonly<Record<Node['state'], SourceHost['connection']>> = {
  Up: 'connected',
  Paused: 'connected',
  Joining: 'disconnected',
  Down: 'notResponding',
  Unknown: undefined,
};

function readHosts(hosts: readonly Host[]): readonly SourceHost[] {
  const nodes = new Map(hosts.flatMap(({ cluster }) => (cluster?.nodes ?? []).map((node) => [node.name.toLowerCase(), node])));
  const answered = hosts.map((host) => {
    const node = nodes.get(host.name.toLowerCase());
    return {
      id: host.name,
      name: host.fqdn ?? host.name,
      ...defined({
        product: host.product === null || host.product === undefined ? host.version : `${host.product} (${host.version})`,
        ...clusterOf(host),
      }),
      connection: 'connected' as const,
      ...(node !== undefined && { maintenance: node.state === 'Paused' }),
    };
  });
  const names = new Set(hosts.map(({ name }) => name.toLowerCase()));
  const silent = hosts.flatMap((host) =>
    (host.cluster?.nodes ?? []).flatMap((node) => {
      if (names.has(node.name.toLowerCase())) return [];
      names.add(node.name.toLowerCase());
      const connection = CONNECTIONS[node.state];
      return [
        {
          id: node.name,
          name: node.fqdn ?? node.name,
          ...clusterOf(host),
          ...defined({ connection, maintenance: node.state === 'Paused' ? true : undefined }),
        },
      ];
    }),
  );
  return [...answered, ...silent];
}

function clusterOf({ cluster }: Host): { readonly cluster?: string } {
  return cluster === null || cluster === undefined || cluster.name === '' ? {} : { cluster: cluster.name };
}

/** VMs that share an anti-affinity class name are kept on different nodes. Each node of a cluster tells the same. */
function readRelations(hosts: readonly Host[]): readonly Relation[] {
  const members = new Map<string, Set<string>>();
  for (const { cluster } of hosts) {
    for (const { vm, antiAffinity } of cluster?.roles ?? []) {
      for (const name of antiAffinity ?? []) {
        const known = members.get(name) ?? new Set();
        members.set(name, known.add(vm));
      }
    }
  }
  return [...members]
    .filter(([, vms]) => vms.size > 1)
    .map(([key, vms]) => ({ kind: 'anti-affinity', key, members: [...vms].toSorted() }));
}
