/** Maps VMs with nothing but NICs, together with the attachments that are made for them. */
import type { MappingContext } from '../../mappings/context.ts';
import { planNetworks } from '../../mappings/network-attachments.ts';
import { type SharedNetworks, sharedNetworks } from '../../mappings/shared-networks.ts';
import type { CniConfig } from '../../src/model/manifest.ts';
import type { NetworkGeneration } from '../../src/model/mapping.ts';
import type { NetworkRef } from '../../src/model/network.ts';
import type { Nic } from '../../src/model/vm.ts';
import { type MappedSmall, mapSmall } from './map-small.ts';
import { nic } from './small-vm.ts';

export const BRIDGE: NetworkGeneration = { kind: 'bridge', bridge: 'br1' };
export const LOCALNET: NetworkGeneration = { kind: 'ovn-localnet', physicalNetwork: 'physnet', namespace: 'nets' };

/** A NIC on a network of which some facts are known. */
export function nicOn(name: string, network: Partial<NetworkRef> = {}, facts: Partial<Nic> = {}): Nic {
  return nic({ key: name, label: name, network: { id: `id-${name}`, name, ...network }, ...facts });
}

export interface MappedNetworks extends MappedSmall {
  readonly shared: SharedNetworks;
  /** Configurations of the made attachments, by name. */
  readonly configs: readonly CniConfig[];
  /** Where the NICs of the VM go, in order: attachment, or `pod`. */
  readonly targets: readonly string[];
}

export function mapNetworks(
  nics: readonly Nic[],
  generateNetworks: NetworkGeneration | undefined,
  context: Partial<MappingContext> = {},
): MappedNetworks {
  const options: MappingContext['options'] = {
    devices: 'virtio',
    ...context.options,
    ...(generateNetworks === undefined ? {} : { generateNetworks }),
  };
  const networkPlan = planNetworks([{ nics }], { facts: context.facts ?? {}, options });
  const mapped = mapSmall({ nics }, { ...context, options, networkPlan });
  const shared = sharedNetworks([{ nics }], { networkMap: context.networkMap ?? { entries: [] }, networkPlan });
  return {
    ...mapped,
    shared,
    configs: shared.objects.map(({ manifest }): CniConfig => JSON.parse(manifest.spec.config)),
    targets: mapped.machine.spec.template.spec.networks.map((one) => ('multus' in one ? one.multus.networkName : 'pod')),
  };
}
