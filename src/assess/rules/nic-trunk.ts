import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-trunk',
  category: 'Warning',
  label: 'NIC carries several VLANs',
  about:
    'The guest tags packets by itself. The target network must pass those VLANs untouched: a bridge attachment with a VLAN trunk, or without VLAN filtering.',
  subject: 'nics[].network',
  remedy: 'Map the network to an attachment that passes the same VLANs.',
  check(vm) {
    return onNics(vm, 'network', ({ network, label }) =>
      network?.trunk === undefined
        ? undefined
        : `${label} on ${network.name} carries VLANs ${network.trunk.ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`)).join(', ')}${network.trunk.native === undefined ? '' : `, untagged ${network.trunk.native}`}. The pod network and access VLANs drop them.`,
    );
  },
};
