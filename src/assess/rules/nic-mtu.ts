import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

const ETHERNET_MTU = 1500;

export const rule: Rule = {
  id: 'nic-mtu',
  category: 'Information',
  label: 'Jumbo frames',
  about:
    'The network passes packets larger than 1500 bytes. The target network must do so along the whole way, or large packets disappear.',
  subject: 'nics[].network',
  remedy: 'State the MTU in the attachment and on the nodes’ uplinks.',
  check(vm) {
    return onNics(vm, 'network', ({ network, label }) =>
      network?.mtu !== undefined && network.mtu > ETHERNET_MTU
        ? `${label} on ${network.name} may send packets of ${network.mtu} bytes. Check the MTU of attachment, bridge and uplink.`
        : undefined,
    );
  },
};
