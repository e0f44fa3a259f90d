/**
 * What a source network is on layer 2, seen from a target that knows bridges and VLANs: an access VLAN, a trunk, untagged, or nothing that
 * can be made there. The one place that judges VLAN facts; what is made of them is in cni-config.ts.
 */
import type { NetworkRef, VlanTrunk } from '../src/model/network.ts';

const LAST_VLAN = 4094;
/** VMware's way to say "all VLANs, tagged by the guest". */
const GUEST_TAGGING = 4095;
const EVERYTHING: VlanTrunk = { ranges: [{ first: 0, last: LAST_VLAN }] };

export type Segment =
  | { readonly kind: 'access'; readonly vlan: number }
  | { readonly kind: 'untagged' }
  /** The source does not say; what comes closest is a port without tag. */
  | { readonly kind: 'unknown' }
  | TrunkSegment
  | { readonly kind: 'refused'; readonly because: string };

export interface TrunkSegment {
  readonly kind: 'trunk';
  /** 1–4094, ascending, at least one. */
  readonly ranges: VlanTrunk['ranges'];
  /** Untagged packets pass as well. */
  readonly untagged: boolean;
  /** VLAN of the untagged packets where it is not the wire's own. */
  readonly native?: number;
}

export function segmentOf(network: NetworkRef): Segment {
  const { vlan, trunk, kind } = network;
  if (network.privateVlan !== undefined) return refused('a private VLAN isolates its ports, which neither a bridge nor OVN does');
  if (network.overlay !== undefined)
    return refused('an overlay has no VLAN that could be carried on; make its counterpart by hand');
  if (kind === 'hyperv-internal' || kind === 'hyperv-private')
    return refused('the switch exists inside one Hyper-V host only, and on a bridge of the nodes it would be open to others');
  if (trunk !== undefined) return trunkSegment(trunk);
  if (vlan === GUEST_TAGGING) return trunkSegment(EVERYTHING);
  if (vlan === 0) return { kind: 'untagged' };
  if (vlan === undefined) {
    if (kind === 'nsx' || kind === 'opaque') return refused('it is an NSX segment of which no VLAN is known');
    return { kind: 'unknown' };
  }
  if (!Number.isInteger(vlan) || vlan < 0 || vlan > LAST_VLAN) return refused(`there is no VLAN ${vlan}`);
  return { kind: 'access', vlan };
}

/** Two networks of one name and one such text need the same on the target. */
export function segmentKey(segment: Segment): string {
  if (segment.kind === 'access') return String(segment.vlan);
  if (segment.kind !== 'trunk') return segment.kind;
  return `${rangesText(segment.ranges)} ${segment.untagged ? (segment.native ?? '') : 'tagged'}`;
}

/** `VM Network (VLAN 10)` for people. */
export function networkText(network: NetworkRef | undefined): string {
  if (network === undefined) return 'an unknown network';
  const { name, vlan, trunk, privateVlan } = network;
  if (privateVlan !== undefined) return `${name} (private VLAN ${privateVlan.primary})`;
  if (trunk !== undefined) return `${name} (trunk of ${rangesText(trunk.ranges)})`;
  if (vlan === undefined) return name;
  return vlan === 0 ? `${name} (untagged)` : `${name} (VLAN ${vlan})`;
}

/** `10-20, 30`. */
export function rangesText(ranges: VlanTrunk['ranges']): string {
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(', ');
}

function trunkSegment({ ranges, native }: VlanTrunk): Segment {
  const tagged = ranges
    .map(({ first, last }) => ({ first: Math.max(first, 1), last: Math.min(last, LAST_VLAN) }))
    .filter(({ first, last }) => first <= last);
  if (tagged.length === 0) return refused('its trunk has no VLANs');
  const untagged = native !== undefined || ranges.some(({ first }) => first === 0);
  return { kind: 'trunk', ranges: tagged, untagged, ...(native === undefined || native === 0 ? {} : { native }) };
}

function refused(because: string): Segment {
  return { kind: 'refused', because };
}
