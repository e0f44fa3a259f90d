import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-sriov-offload',
  category: 'Information',
  label: 'SR-IOV offload ends',
  about: 'The host lets packets of this NIC pass by its switch. On the target the NIC is an ordinary virtio one.',
  subject: 'nics[].sriovOffload',
  remedy: 'Use an SR-IOV attachment where throughput matters.',
  check(vm) {
    return onNics(vm, 'sriovOffload', ({ sriovOffload, label }) =>
      sriovOffload === true ? `${label} may lose throughput. An SR-IOV network on the target is the counterpart.` : undefined,
    );
  },
};
