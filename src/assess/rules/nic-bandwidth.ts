import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-bandwidth',
  category: 'Information',
  label: 'Bandwidth limits are not kept',
  about: 'The source limits or guarantees the NIC’s bandwidth. KubeVirt does neither.',
  subject: 'nics[].bandwidthLimit',
  remedy: 'Limit at the network plugin (CNI bandwidth, OVN QoS) where it matters.',
  check(vm) {
    return [
      ...onNics(vm, 'bandwidthLimit', ({ bandwidthLimit, label }) =>
        bandwidthLimit !== undefined && bandwidthLimit > 0
          ? `${label} had at most ${Math.round(bandwidthLimit / 1e6)} Mbit/s; now it takes what it gets.`
          : undefined,
      ),
      ...onNics(vm, 'bandwidthReservation', ({ bandwidthReservation, label }) =>
        bandwidthReservation !== undefined && bandwidthReservation > 0
          ? `${label} was promised ${Math.round(bandwidthReservation / 1e6)} Mbit/s; nobody promises them now.`
          : undefined,
      ),
    ];
  },
};
