import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-overlay',
  category: 'Warning',
  label: 'NIC on an overlay network',
  about:
    'The network is an NSX segment or a Hyper-V virtual subnet: routers, firewalls and addresses of the overlay do not exist on the target.',
  subject: 'nics[].network',
  remedy: 'Build the counterpart (a user-defined network, or a VLAN behind a router) and its firewall rules first.',
  check(vm) {
    return onNics(vm, 'network', ({ network, label }) =>
      network?.overlay === undefined && network?.kind !== 'nsx' && network?.kind !== 'opaque'
        ? undefined
        : `${label} on ${network.name}: recreate routing, NAT and the distributed firewall’s rules on the target, and keep a bridge between both while VMs move.`,
    );
  },
};
