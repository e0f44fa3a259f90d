/**
 * What the pod network of a namespace is: the cluster's own, reached through masquerade, or under OVN-Kubernetes a primary user-defined
 * network (UDN), on which a VM sits directly and masquerade is wrong.
 */
import type { UserDefinedNetworkFacts } from '../src/model/cluster-facts.ts';
import { clusterIndex } from './cluster-index.ts';
import type { MappingContext } from './context.ts';
import type { Ledger } from './ledger.ts';

/** Must be on the namespace when it is created. */
const UDN_LABEL = 'k8s.ovn.org/primary-user-defined-network';
const BINDING = 'l2bridge';

export interface PrimaryNetwork {
  readonly binding: 'masquerade' | 'l2bridge';
  readonly because: string;
  /** The UDN, where the facts know it. */
  readonly network?: UserDefinedNetworkFacts;
}

const MASQUERADE: PrimaryNetwork = {
  binding: 'masquerade',
  because: 'Behind masquerade a VM on the pod network can be live migrated.',
};

export function primaryNetwork(type: 'pod' | 'udn', { facts, options }: MappingContext): PrimaryNetwork {
  const { namespaces, primaryNetworks } = clusterIndex(facts);
  const { namespace } = options;
  const labels = namespace === undefined ? undefined : namespaces?.get(namespace)?.labels;
  const labelled = labels !== undefined && UDN_LABEL in labels;
  if (type === 'pod' && !labelled) return MASQUERADE;
  const network = primaryNetworks.get(namespace ?? '') ?? primaryNetworks.get('');
  return {
    binding: BINDING,
    because: labelled
      ? 'The namespace has a primary user-defined network, on which masquerade is wrong: the guest sits on it directly.'
      : 'The network map says that it is a primary user-defined network: the guest sits on it directly.',
    ...(network === undefined ? {} : { network }),
  };
}

/** What would keep a NIC on a primary UDN from working. */
export function checkPrimaryNetwork(
  { network }: PrimaryNetwork,
  subject: string,
  { context: { facts, options }, ledger }: { context: MappingContext; ledger: Ledger },
): void {
  const { namespaces } = clusterIndex(facts);
  const { namespace } = options;
  const labels = namespace === undefined ? undefined : namespaces?.get(namespace)?.labels;
  if (labels !== undefined && !(UDN_LABEL in labels)) {
    ledger.concern(
      'primary-network-missing',
      subject,
      `Create the namespace ${namespace} anew with the label ${UDN_LABEL}, or map the network elsewhere.`,
    );
  }
  if (network?.topology === 'layer3') {
    ledger.concern('primary-network-routed', subject, `${network.name} has topology layer3. Use one of topology layer2.`);
  }
  if (facts.bindingPlugins?.includes(BINDING) === false) {
    ledger.concern('binding-plugin-missing', subject, `Register the binding plugin ${BINDING} in the KubeVirt object.`);
  }
}
