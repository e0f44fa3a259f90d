/**
 * Where everything is: folders, pools, clusters, hosts, networks and datastores by their ids, so that a VM can be told in names.
 * Built from what the property collector says; pure.
 */

import { defined } from '../../../src/model/defined.ts';
import type { SourceHost, SourceStorage } from '../../../src/model/inventory.ts';
import type { ObjectProperties } from '../properties.ts';
import type { MoRef } from '../vim/node.ts';
import { type ClusterRules, readCluster } from './cluster.ts';
import { decodeName } from './names.ts';
import { type Networks, readNetworks } from './networks.ts';

export interface Place {
  readonly type: string;
  readonly name: string;
  readonly parent: string | undefined;
}

export interface Datastore extends SourceStorage {
  /** Name of the datacenter, with its folders: the `dcPath` of a file's URL. */
  readonly dcPath: string;
}

export interface Atlas {
  readonly places: ReadonlyMap<string, Place>;
  readonly clusters: ReadonlyMap<string, ClusterRules>;
  readonly hosts: ReadonlyMap<string, SourceHost>;
  readonly datastores: ReadonlyMap<string, Datastore>;
  readonly networks: Networks;
}

export function buildAtlas(objects: readonly ObjectProperties[]): Atlas {
  const byType = Map.groupBy(objects, ({ ref }) => ref.type);
  const places = new Map<string, Place>();
  for (const object of objects) {
    const name = object.string('name') ?? object.ref.id;
    places.set(object.ref.id, { type: object.ref.type, name: decodeName(name), parent: object.reference('parent')?.id });
  }
  const clusters = new Map(
    (byType.get('ClusterComputeResource') ?? []).map((object) => [
      object.ref.id,
      readCluster(object, (id) => places.get(id)?.name),
    ]),
  );
  const hostObjects = byType.get('HostSystem') ?? [];
  return {
    places,
    clusters,
    hosts: new Map(hostObjects.map((object) => [object.ref.id, readHost(object, clusters)])),
    datastores: new Map((byType.get('Datastore') ?? []).map((object) => [object.ref.id, readDatastore(object, places)])),
    networks: readNetworks(objects, hostObjects),
  };
}

/** Ancestors from the nearest up, without the thing itself. A loop, which no server writes, ends it. */
function* ancestors(places: Atlas['places'], id: string | undefined): Generator<Place & { readonly id: string }> {
  const seen = new Set<string>();
  let at = id;
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    const place = places.get(at);
    if (place === undefined) return;
    yield { ...place, id: at };
    at = place.parent;
  }
}

/** Folders between the datacenter's own folder for VMs and the VM: `Production/Web`; `/` directly below the datacenter. */
export function folderPath(places: Atlas['places'], parent: MoRef | undefined): string | undefined {
  const names: string[] = [];
  for (const place of ancestors(places, parent?.id)) {
    if (place.type === 'Datacenter') {
      // The last one is the datacenter's hidden root folder, `vm`.
      const path = names.reverse().slice(1).join('/');
      return path === '' ? '/' : path;
    }
    names.push(place.name);
  }
  return undefined;
}

export function datacenterOf(places: Atlas['places'], start: string | undefined): string | undefined {
  for (const place of ancestors(places, start)) if (place.type === 'Datacenter') return place.name;
  return undefined;
}

/** Pools below the root pool of a cluster or host; the root itself, which everybody is in, is no pool. */
export function poolPath(places: Atlas['places'], pool: MoRef | undefined): string | undefined {
  const names: string[] = [];
  for (const place of ancestors(places, pool?.id)) {
    if (place.type !== 'ResourcePool' && place.type !== 'VirtualApp') break;
    names.push(place.name);
  }
  names.pop();
  return names.length === 0 ? undefined : names.reverse().join('/');
}

function readHost(object: ObjectProperties, clusters: Atlas['clusters']): SourceHost {
  const cluster = clusters.get(object.reference('parent')?.id ?? '');
  return {
    id: object.ref.id,
    name: decodeName(object.string('name') ?? object.ref.id),
    ...defined({
      product: object.string('config.product.fullName') ?? object.string('summary.config.product.fullName'),
      cluster: cluster?.name,
      evcMode: cluster?.evcMode,
      maintenance: object.flag('runtime.inMaintenanceMode'),
      connection: HOST_STATES[object.string('runtime.connectionState') ?? ''],
    }),
  };
}

const HOST_STATES: Readonly<Record<string, NonNullable<SourceHost['connection']>>> = {
  connected: 'connected',
  disconnected: 'disconnected',
  notResponding: 'notResponding',
};

function readDatastore(object: ObjectProperties, places: Atlas['places']): Datastore {
  const summary = object.node('summary');
  const accessible = summary?.flag('accessible');
  const maintenance = summary?.string('maintenanceMode');
  const unavailable = accessible === false || (maintenance !== undefined && maintenance !== 'normal');
  const path: string[] = [];
  let found = false;
  for (const place of ancestors(places, object.reference('parent')?.id)) {
    found ||= place.type === 'Datacenter';
    // The nameless root of the inventory, `Datacenters`, has no parent and is in no path.
    if (found && place.parent !== undefined) path.push(place.name);
  }
  return {
    id: object.ref.id,
    name: decodeName(object.string('name') ?? object.ref.id),
    dcPath: path.reverse().join('/'),
    ...defined({
      kind: summary?.string('type')?.toLowerCase(),
      capacity: summary?.number('capacity'),
      free: summary?.number('freeSpace'),
      unavailable: accessible === undefined && maintenance === undefined ? undefined : unavailable,
    }),
  };
}
