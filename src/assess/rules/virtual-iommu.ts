import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'virtual-iommu',
  category: 'Information',
  label: 'Virtual IOMMU is lost',
  about: 'The guest sees an IOMMU. KubeVirt has none to offer.',
  subject: 'firmware.iommu',
  remedy: 'Make sure that no driver in the guest insists on it.',
  check({ firmware }) {
    return found(
      'firmware.iommu',
      firmware.iommu === true ? 'DMA protection and user-space drivers (DPDK, vfio) in the guest stop working.' : undefined,
    );
  },
};
