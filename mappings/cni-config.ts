/** What a network on layer 2 becomes in a NetworkAttachmentDefinition: the CNI configuration, typed. Which networks get one is decided in network-attachments.ts. */
import type { BridgeCniConfig, CniConfig, LocalnetCniConfig } from '../src/model/manifest.ts';
import type { NetworkGeneration } from '../src/model/mapping.ts';
import type { VlanTrunk } from '../src/model/network.ts';
import type { Segment, TrunkSegment } from './vlans.ts';

/** A source network as the configuration needs it. */
export interface Wire {
  readonly segment: Exclude<Segment, { kind: 'refused' }>;
  /** Bytes. */
  readonly mtu?: number;
  /** NICs on it may send with other MAC addresses than their own. */
  readonly foreignMacs: boolean;
}

/** Every configuration is of this version: the bridge plugin and OVN-Kubernetes both know it. */
const CNI_VERSION = '0.3.1';

/** Why a network cannot be made this way; undefined when it can. */
export function refusalOf({ segment }: Wire, generation: NetworkGeneration, namespace: string | undefined): string | undefined {
  if (generation.kind === 'bridge') return undefined;
  if (segment.kind === 'trunk') return 'a localnet of OVN-Kubernetes carries one VLAN, not a trunk; use a bridge for it';
  if (namespace === undefined)
    return 'OVN-Kubernetes wants the namespace written into the attachment, and none was given as an option';
  return undefined;
}

/** @throws Error for what `refusalOf` refuses */
export function cniConfig(name: string, wire: Wire, generation: NetworkGeneration, namespace: string | undefined): CniConfig {
  if (generation.kind === 'bridge') return bridgeConfig(name, wire, generation.bridge);
  if (namespace === undefined) throw new Error(`the localnet ${name} has no namespace`);
  return localnetConfig(name, wire, { physicalNetwork: generation.physicalNetwork, namespace });
}

function bridgeConfig(name: string, { segment, mtu, foreignMacs }: Wire, bridge: string): BridgeCniConfig {
  return {
    cniVersion: CNI_VERSION,
    name,
    type: 'bridge',
    bridge,
    ...bridgePort(segment),
    macspoofchk: !foreignMacs,
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function bridgePort(segment: Wire['segment']): Pick<BridgeCniConfig, 'vlan' | 'vlanTrunk' | 'preserveDefaultVlan'> {
  if (segment.kind === 'access') return { vlan: segment.vlan, preserveDefaultVlan: false };
  if (segment.kind === 'trunk') return { vlanTrunk: trunkItems(segment), preserveDefaultVlan: segment.untagged };
  return {};
}

function trunkItems({ ranges }: TrunkSegment): NonNullable<BridgeCniConfig['vlanTrunk']> {
  return ranges.map(({ first, last }: VlanTrunk['ranges'][number]) =>
    first === last ? { id: first } : { minID: first, maxID: last },
  );
}

function localnetConfig(
  name: string,
  { segment, mtu }: Wire,
  { physicalNetwork, namespace }: { physicalNetwork: string; namespace: string },
): LocalnetCniConfig {
  return {
    cniVersion: CNI_VERSION,
    name,
    type: 'ovn-k8s-cni-overlay',
    topology: 'localnet',
    physicalNetworkName: physicalNetwork,
    ...(segment.kind === 'access' ? { vlanID: segment.vlan } : {}),
    ...(mtu === undefined ? {} : { mtu }),
    netAttachDefName: `${namespace}/${name}`,
  };
}
