/** NetworkAttachmentDefinitions (k8snetworkplumbingwg, with CNI configurations as JSON text) and OVN-Kubernetes' own networks. */
import type { ClusterFacts, NetworkAttachmentFacts, UserDefinedNetworkFacts } from '../../model/cluster-facts.ts';
import { defined } from '../../model/defined.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { CLUSTER_USER_DEFINED_NETWORKS, NETWORK_ATTACHMENTS, USER_DEFINED_NETWORKS } from '../kinds.ts';
import { at, listAt, numberAt, oneOf, textAt } from './json.ts';
import type { FactsSource } from './source.ts';

const RESOURCE_NAME = 'k8s.v1.cni.cncf.io/resourceName';
const MAX_VLAN = 4094;

export async function readNetworks(
  source: FactsSource,
): Promise<Pick<ClusterFacts, 'networkAttachments' | 'userDefinedNetworks'>> {
  const [networkAttachments, ofNamespaces, ofCluster] = await Promise.all([
    source.collect(NETWORK_ATTACHMENTS, (object) => attachmentOf(object, source)),
    source.collect(USER_DEFINED_NETWORKS, (object) => udnOf(object, at(object, 'spec'))),
    source.collect(CLUSTER_USER_DEFINED_NETWORKS, (object) => udnOf(object, at(object, 'spec', 'network'))),
  ]);
  // One without the other would say that the other has none.
  const userDefinedNetworks = ofNamespaces && ofCluster && [...ofNamespaces, ...ofCluster];
  return defined({ networkAttachments, userDefinedNetworks });
}

/** A configuration that is no JSON is noted; the attachment itself is there all the same. */
function attachmentOf(object: KubeObject, source: FactsSource): NetworkAttachmentFacts {
  const { namespace = '', name, annotations } = object.metadata;
  const text = textAt(object, 'spec', 'config');
  const config = text === undefined ? undefined : parseConfig(text);
  if (text !== undefined && config === undefined) {
    source.odd(`${NETWORK_ATTACHMENTS.plural} ${namespace}/${name}`, `The CNI configuration of ${namespace}/${name} is no JSON.`);
  }
  return { namespace, name, ...cniFacts(config), ...defined({ resourceName: annotations?.[RESOURCE_NAME] || undefined }) };
}

function parseConfig(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a list of plugins the first one makes the network; the others tune it. */
function cniFacts(config: unknown): Omit<NetworkAttachmentFacts, 'namespace' | 'name' | 'resourceName'> {
  const plugin = listAt(config, 'plugins')[0] ?? config;
  const topology = oneOf(['localnet', 'layer2', 'layer3'], textAt(plugin, 'topology'));
  const vlan = numberAt(plugin, 'vlan') ?? numberAt(plugin, 'vlanID');
  const network = topology === 'localnet' ? (textAt(plugin, 'name') ?? textAt(config, 'name')) : undefined;
  const mtu = numberAt(plugin, 'mtu');
  return defined({
    type: textAt(plugin, 'type'),
    topology,
    bridge: textAt(plugin, 'bridge'),
    physicalNetwork: textAt(plugin, 'physicalNetworkName') ?? network,
    vlan: vlan !== undefined && Number.isInteger(vlan) && vlan >= 0 && vlan <= MAX_VLAN ? vlan : undefined,
    trunk: listAt(plugin, 'vlanTrunk').length > 0 || undefined,
    mtu: mtu !== undefined && mtu > 0 ? mtu : undefined,
    ipam: textAt(plugin, 'ipam', 'type') !== undefined || undefined,
  });
}

/** What stands under the topology's own name: `layer2: {role, subnets, ipam}`. */
function udnOf({ metadata }: KubeObject, network: unknown): UserDefinedNetworkFacts | undefined {
  const topology = oneOf(['layer2', 'layer3', 'localnet'], textAt(network, 'topology')?.toLowerCase());
  if (topology === undefined) return undefined;
  const { namespace, name } = metadata;
  const subnets = listAt(network, topology, 'subnets').flatMap((subnet) => {
    const cidr = typeof subnet === 'string' ? subnet : textAt(subnet, 'cidr');
    return cidr === undefined ? [] : [cidr];
  });
  return {
    name,
    topology,
    role: textAt(network, topology, 'role') === 'Primary' ? 'primary' : 'secondary',
    ...defined({
      namespace,
      subnets: subnets.length === 0 ? undefined : subnets,
      persistentIps: textAt(network, topology, 'ipam', 'lifecycle') === 'Persistent' || undefined,
    }),
  };
}
