import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-host-only',
  category: 'Warning',
  label: 'Network exists on one host only',
  about:
    'Internal and private switches of Hyper-V connect VMs of one host, and perhaps the host itself. Nothing else can reach them.',
  subject: 'nics[].network',
  remedy: 'Give the VMs a network of their own on the target that spans its nodes.',
  check(vm) {
    return onNics(vm, 'network', ({ network, label }) =>
      network?.kind !== 'hyperv-internal' && network?.kind !== 'hyperv-private'
        ? undefined
        : `${label} is on ${network.name}, which no cable reaches. Map it to an isolated attachment, and migrate the VMs on it together.`,
    );
  },
};
