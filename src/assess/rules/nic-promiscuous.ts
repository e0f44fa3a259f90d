import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-promiscuous',
  category: 'Warning',
  label: 'NIC sees foreign traffic',
  about:
    'Promiscuous mode or port mirroring shows the guest packets for others: it is likely to be a sensor, a firewall or a hypervisor. A bridge on the target shows it its own only.',
  subject: 'nics[].network',
  remedy: 'Give the guest the traffic by other means (a tap, a mirrored port behind SR-IOV).',
  check(vm) {
    return onNics(vm, 'network', ({ network, label }) =>
      network?.promiscuous === true
        ? `${label} sees all of ${network.name}. On the target it does not: find out whether the guest needs it.`
        : undefined,
    );
  },
};
