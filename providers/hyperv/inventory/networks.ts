/**
 * Virtual switches, and how an adapter sits on one. Hyper-V keeps the VLAN at the adapter, so a reference is the switch with what the
 * adapter says. External switches of one name are one network on all nodes of a cluster: a VM that moves is attached by that name. Internal and
 * private ones end at their host, and so are told apart by their ids.
 */

import { defined } from '../../../src/model/defined.ts';
import type { SourceNetwork } from '../../../src/model/inventory.ts';
import type { NetworkKind, NetworkRef, PrivateVlan, VlanTrunk } from '../../../src/model/network.ts';
import type { Host, Switch } from '../scripts/host-answer.ts';
import type { Adapter } from '../scripts/vm-answer.ts';
import { type KnownHost, knownHost } from './known-host.ts';

const KINDS: Readonly<Record<Switch['type'], NetworkKind | undefined>> = {
  External: 'hyperv-external',
  Internal: 'hyperv-internal',
  Private: 'hyperv-private',
  Unknown: undefined,
};
const LAST_VLAN = 4094;

/** Undefined for an adapter without a switch. */
export function networkOf(adapter: Adapter, known: KnownHost): NetworkRef | undefined {
  const found = known.switches.get(adapter.switchId ?? '');
  const name = found?.name ?? adapter.switchName ?? undefined;
  if (name === undefined) return undefined;
  const place = found === undefined ? { id: adapter.switchId ?? name, name, switchName: name } : switchRef(found, known);
  return {
    ...place,
    ...vlanOf(adapter),
    ...(adapter.portMirroring === 'Destination' && { promiscuous: true }),
  };
}

/** The switches of all hosts, without VLANs. */
export function readNetworks(hosts: readonly Host[]): readonly SourceNetwork[] {
  const networks = new Map<string, SourceNetwork>();
  for (const host of hosts) {
    for (const one of host.switches) {
      const ref = switchRef(one, knownHost(host));
      if (networks.has(ref.id)) continue;
      networks.set(ref.id, { ...ref, ...defined({ description: one.description ?? undefined }) });
    }
  }
  return [...networks.values()];
}

function switchRef({ id, name, type }: Switch, { sharedNames }: KnownHost): NetworkRef {
  const kind = KINDS[type];
  return {
    id: type === 'External' && !sharedNames.has(name) ? name : id,
    name,
    ...(kind !== undefined && { kind }),
    switchName: name,
  };
}

type VlanFacts = Pick<NetworkRef, 'vlan' | 'trunk' | 'privateVlan' | 'overlay'>;

/** Isolation goes before VLAN settings: an adapter has one of them, and the other says «untagged». */
function vlanOf({ vlan, isolation, virtualSubnet }: Adapter): VlanFacts {
  const subnet = isolation?.mode.endsWith('VirtualSubnet') === true ? (isolation.id ?? virtualSubnet) : virtualSubnet;
  if (isolation?.mode.endsWith('VirtualSubnet') === true || (subnet ?? 0) > 0) return { overlay: String(subnet ?? 'unknown') };
  if (isolation?.mode === 'Vlan' && (isolation.id ?? 0) > 0) return defined({ vlan: isolation.id ?? undefined });
  if (vlan === null || vlan === undefined) return {};
  if (vlan.mode === 'Untagged') return { vlan: 0 };
  if (vlan.mode === 'Access') return defined({ vlan: vlan.access ?? undefined });
  if (vlan.mode === 'Trunk') return { trunk: trunkOf(vlan) };
  return vlan.mode === 'Private' ? privateVlanOf(vlan) : {};
}

type Vlan = NonNullable<Adapter['vlan']>;

function trunkOf({ allowed, native }: Vlan): VlanTrunk {
  return { ranges: rangesOf(allowed ?? ''), ...defined({ native: native ?? undefined }) };
}

function privateVlanOf({ primary, secondary, privateMode }: Vlan): VlanFacts {
  // A private VLAN of which Windows does not say the primary one is private all the same.
  const mode = privateMode === 'Unknown' || privateMode === null ? undefined : privateMode?.toLowerCase();
  return {
    privateVlan: {
      primary: primary ?? 0,
      ...defined({ secondary: secondary ?? undefined, mode: mode as PrivateVlan['mode'] }),
    },
  };
}

/** `1-100,200` and `1,2,3`: neighbours are joined, what is no VLAN is left out. */
export function rangesOf(text: string): VlanTrunk['ranges'] {
  const found = text
    .split(',')
    .map((part) => /^\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?$/.exec(part))
    .flatMap((match) => (match === null ? [] : [{ first: Number(match[1]), last: Number(match[2] ?? match[1]) }]))
    .filter(({ first, last }) => first <= last && last <= LAST_VLAN)
    .toSorted((a, b) => a.first - b.first);
  const joined: { first: number; last: number }[] = [];
  for (const range of found) {
    const previous = joined.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last);
    else joined.push({ ...range });
  }
  return joined;
}
