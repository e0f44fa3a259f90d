/** Port groups of all kinds, with what they pass. Uplink groups, which no VM is ever attached to, are left out. */

import { defined } from '../../../src/model/defined.ts';
import type { SourceNetwork } from '../../../src/model/inventory.ts';
import type { PrivateVlan, VlanTrunk } from '../../../src/model/network.ts';
import type { ObjectProperties } from '../properties.ts';
import { asRef, members, type VimNode } from '../vim/node.ts';
import { decodeName } from './names.ts';

export interface Networks {
  readonly all: readonly SourceNetwork[];
  /** By managed object id. */
  readonly byId: ReadonlyMap<string, SourceNetwork>;
  /** By `portgroupKey` of a distributed port group. */
  readonly byKey: ReadonlyMap<string, SourceNetwork>;
  /** By `opaqueNetworkId`. */
  readonly byOpaqueId: ReadonlyMap<string, SourceNetwork>;
}

interface Switch {
  readonly name: string;
  readonly mtu: number | undefined;
  readonly privateVlans: ReadonlyMap<number, PrivateVlan>;
}

const UPLINK_TAG = 'SYSTEM/DVS.UPLINKPG';
/** On a standard port group: the guest tags by itself. */
const VLAN_ALL = 4095;

export function readNetworks(objects: readonly ObjectProperties[], hosts: readonly ObjectProperties[]): Networks {
  const switches = new Map<string, Switch>();
  const uplinks = new Set<string>();
  for (const object of objects) {
    if (!object.ref.type.endsWith('DistributedVirtualSwitch')) continue;
    switches.set(object.ref.id, readSwitch(object));
    for (const node of object.node('config')?.list('uplinkPortgroup') ?? []) uplinks.add(asRef(node)?.id ?? '');
  }
  const standard = readStandardGroups(hosts);
  const byId = new Map<string, SourceNetwork>();
  const byKey = new Map<string, SourceNetwork>();
  const byOpaqueId = new Map<string, SourceNetwork>();
  for (const object of objects) {
    const { type, id } = object.ref;
    if (type === 'Network') byId.set(id, readStandard(object, standard));
    else if (type === 'OpaqueNetwork') {
      const network = readOpaque(object);
      byId.set(id, network);
      if (network.overlay !== undefined) byOpaqueId.set(network.overlay, network);
    } else if (type === 'DistributedVirtualPortgroup' && !uplinks.has(id) && !isUplink(object)) {
      const network = readDistributed(object, switches);
      byId.set(id, network);
      byKey.set(object.string('key') ?? id, network);
    }
  }
  return { all: [...byId.values()], byId, byKey, byOpaqueId };
}

/** Servers before 7.0 mark the group by a tag only; where there is not even that, the name that vCenter gives it is left. */
function isUplink(object: ObjectProperties): boolean {
  const marked = object.node('config')?.flag('uplink');
  if (marked !== undefined) return marked;
  const tags = members(object.node('tag'));
  return tags.some((tag) => tag.string('key') === UPLINK_TAG) || /-DVUplinks-\d+$/.test(object.string('name') ?? '');
}

function readSwitch(object: ObjectProperties): Switch {
  const config = object.node('config');
  const privateVlans = new Map<number, PrivateVlan>();
  for (const entry of config?.list('pvlanConfig') ?? []) {
    const primary = entry.number('primaryVlanId');
    const secondary = entry.number('secondaryVlanId');
    if (primary === undefined || secondary === undefined) continue;
    privateVlans.set(secondary, { primary, secondary, ...defined({ mode: PVLAN_MODES[entry.string('pvlanType') ?? ''] }) });
  }
  return { name: decodeName(object.string('name') ?? object.ref.id), mtu: config?.number('maxMtu') || undefined, privateVlans };
}

const PVLAN_MODES: Readonly<Record<string, NonNullable<PrivateVlan['mode']>>> = {
  promiscuous: 'promiscuous',
  isolated: 'isolated',
  community: 'community',
};

function readDistributed(object: ObjectProperties, switches: ReadonlyMap<string, Switch>): SourceNetwork {
  const config = object.node('config');
  const ports = config?.get('defaultPortConfig');
  const home = switches.get(config?.ref('distributedVirtualSwitch')?.id ?? '');
  const nsx = config?.string('backingType') === 'nsx';
  return {
    id: object.ref.id,
    name: decodeName(object.string('name') ?? object.ref.id),
    kind: nsx ? 'nsx' : 'distributed',
    ...defined({
      switchName: home?.name,
      mtu: home?.mtu,
      overlay: nsx ? (config?.string('segmentId') ?? config?.string('logicalSwitchUuid')) : undefined,
      promiscuous:
        ports?.flag('securityPolicy', 'allowPromiscuous', 'value') ?? ports?.flag('macManagementPolicy', 'allowPromiscuous'),
      description: config?.string('description'),
    }),
    ...readVlan(ports?.get('vlan'), home),
  };
}

function readVlan(vlan: VimNode | undefined, home: Switch | undefined): Pick<SourceNetwork, 'vlan' | 'trunk' | 'privateVlan'> {
  const secondary = vlan?.number('pvlanId');
  if (secondary !== undefined) return { privateVlan: home?.privateVlans.get(secondary) ?? { primary: secondary } };
  const entries = vlan?.list('vlanId') ?? [];
  const ranges = entries.flatMap((entry) => {
    const first = entry.number('start');
    const last = entry.number('end');
    return first === undefined || last === undefined ? [] : [{ first, last }];
  });
  if (ranges.length > 0) return { trunk: { ranges: ranges.sort((a, b) => a.first - b.first) } };
  // A trunk that passes nothing has no VLAN either.
  const id = vlan?.type?.includes('Trunk') ? undefined : vlan?.number('vlanId');
  return id === undefined ? {} : { vlan: id };
}

function readOpaque(object: ObjectProperties): SourceNetwork {
  const summary = object.node('summary');
  const type = summary?.string('opaqueNetworkType') ?? '';
  return {
    id: object.ref.id,
    name: decodeName(object.string('name') ?? object.ref.id),
    kind: type.startsWith('nsx') ? 'nsx' : 'opaque',
    ...defined({ overlay: summary?.string('opaqueNetworkId') }),
  };
}

interface StandardGroup {
  readonly vlans: Set<number>;
  readonly switches: Set<string>;
  readonly mtus: Set<number>;
  promiscuous: boolean | undefined;
}

/** A standard port group is configured on each host by itself; the same name should mean the same everywhere. */
function readStandardGroups(hosts: readonly ObjectProperties[]): ReadonlyMap<string, StandardGroup> {
  const groups = new Map<string, StandardGroup>();
  for (const host of hosts) {
    const mtus = new Map<string, number>();
    for (const node of members(host.node('config.network.vswitch'))) {
      const mtu = node.number('mtu');
      if (mtu !== undefined) mtus.set(node.string('name') ?? '', mtu);
    }
    for (const node of members(host.node('config.network.portgroup'))) {
      const name = node.string('spec', 'name');
      if (name === undefined) continue;
      const group: StandardGroup = groups.get(name) ?? {
        vlans: new Set(),
        switches: new Set(),
        mtus: new Set(),
        promiscuous: undefined,
      };
      groups.set(name, group);
      const vlan = node.number('spec', 'vlanId');
      const home = node.string('spec', 'vswitchName');
      if (vlan !== undefined) group.vlans.add(vlan);
      if (home !== undefined) group.switches.add(home);
      const mtu = mtus.get(home ?? '');
      if (mtu) group.mtus.add(mtu);
      const promiscuous = node.flag('computedPolicy', 'security', 'allowPromiscuous');
      if (promiscuous !== undefined) group.promiscuous = promiscuous || group.promiscuous === true;
    }
  }
  return groups;
}

const EVERY_VLAN: VlanTrunk = { ranges: [{ first: 0, last: 4094 }] };

function readStandard(object: ObjectProperties, groups: ReadonlyMap<string, StandardGroup>): SourceNetwork {
  const name = object.string('name') ?? object.ref.id;
  const group = groups.get(name) ?? groups.get(decodeName(name));
  const base = { id: object.ref.id, name: decodeName(name), kind: 'standard' as const };
  if (group === undefined) return base;
  const vlans = [...group.vlans];
  const [vlan] = vlans;
  const one = vlans.length === 1 ? vlan : undefined;
  return {
    ...base,
    ...defined({
      switchName: group.switches.size === 1 ? [...group.switches][0] : undefined,
      mtu: group.mtus.size === 0 ? undefined : Math.min(...group.mtus),
      promiscuous: group.promiscuous,
      vlan: one === VLAN_ALL ? undefined : one,
      trunk: one === VLAN_ALL ? EVERY_VLAN : undefined,
      description: vlans.length > 1 ? `VLAN differs between hosts: ${vlans.sort((a, b) => a - b).join(', ')}` : undefined,
    }),
  };
}
