/** Networks as sources know them, and how a guest sits on them. */
/** IP configuration inside the guest. */
export interface GuestIp {
  /** The adapter asks DHCP; false: it is configured by hand. */
  readonly dhcp?: boolean;
  readonly addresses?: readonly GuestAddress[];
  readonly gateways?: readonly string[];
  readonly dns?: readonly string[];
  /** DNS search suffixes. */
  readonly searchDomains?: readonly string[];
  /** Routes other than the default ones. */
  readonly routes?: readonly { readonly to: string; readonly via?: string }[];
}

export interface GuestAddress {
  /** IPv4 or IPv6 without prefix. */
  readonly address: string;
  /** Length of the prefix in bits. */
  readonly prefix?: number;
  /** vSphere `NetIpConfigInfoIpAddressOrigin`, Hyper-V `IPAddressOrigins`. */
  readonly origin?: 'static' | 'dhcp' | 'linklayer' | 'random' | 'other';
}

/** What switches a network. `ovf` is a name in a package, nothing more. */
export type NetworkKind =
  | 'standard'
  | 'distributed'
  | 'nsx'
  | 'opaque'
  | 'hyperv-external'
  | 'hyperv-internal'
  | 'hyperv-private'
  | 'ovf';

/**
 * Port group, segment, switch or OVF network; the left side of a NetworkMap. Hyper-V keeps the VLAN at the adapter: there a
 * NIC's reference is the switch together with the VLAN of that adapter.
 */
export interface NetworkRef {
  readonly id: string;
  readonly name: string;
  readonly kind?: NetworkKind;
  /** Virtual switch behind the network: vSwitch, distributed switch, Hyper-V switch. */
  readonly switchName?: string;
  /** Access VLAN where the source states one: 1–4094; 0 is untagged. vSphere's 4095 is a trunk of all. */
  readonly vlan?: number;
  /** The guest tags by itself: several VLANs pass. */
  readonly trunk?: VlanTrunk;
  readonly privateVlan?: PrivateVlan;
  /** NSX segment or Hyper-V virtual subnet (VSID): an overlay without a VLAN of its own. */
  readonly overlay?: string;
  /** Bytes of the largest packet that the switch passes. */
  readonly mtu?: number;
  /** Every NIC sees all traffic of the network (promiscuous mode, port mirroring target). */
  readonly promiscuous?: boolean;
}

export interface VlanTrunk {
  /** Inclusive, ascending. vSphere's VLAN 4095 on a standard port group is 0–4094. */
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
  /** VLAN of untagged packets. */
  readonly native?: number;
}

export interface PrivateVlan {
  readonly primary: number;
  readonly secondary?: number;
  readonly mode?: 'promiscuous' | 'isolated' | 'community';
}
