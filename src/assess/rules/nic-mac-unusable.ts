import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-mac-unusable',
  category: 'Critical',
  label: 'MAC address cannot be used',
  about:
    'The address is all zeros, as Hyper-V writes it before the first start, or a group address. KubeVirt accepts it, and the VM does not start.',
  subject: 'nics[].mac',
  remedy: 'Start the VM once at the source, or give the NIC an address.',
  check(vm) {
    return onNics(vm, 'mac', ({ mac, label }) => {
      if (mac === undefined) return undefined;
      if (mac === '00:00:00:00:00:00')
        return `${label} has no address yet. Start the VM once at the source, or write an address into the manifest.`;
      return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
        ? `${mac} of ${label} is a group address, which no NIC can have.`
        : undefined;
    });
  },
};
