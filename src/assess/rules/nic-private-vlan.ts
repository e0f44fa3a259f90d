import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-private-vlan',
  category: 'Critical',
  label: 'Private VLAN',
  about:
    'Private VLANs keep neighbours on one network apart. No network plugin of Kubernetes offers them: on an ordinary VLAN the VMs would see each other, or not reach their gateway.',
  subject: 'nics[].network',
  remedy: 'Separate the VMs by VLANs of their own, or by network policies.',
  check(vm) {
    return onNics(vm, 'network', ({ network, label }) =>
      network?.privateVlan === undefined
        ? undefined
        : `${label} on ${network.name} is in private VLAN ${network.privateVlan.primary}${network.privateVlan.secondary === undefined ? '' : `/${network.privateVlan.secondary}`}${network.privateVlan.mode === undefined ? '' : ` (${network.privateVlan.mode})`}. Decide how the VMs are kept apart on the target, and map the network then.`,
    );
  },
};
