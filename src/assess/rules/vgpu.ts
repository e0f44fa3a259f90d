import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'vgpu',
  kind: 'vgpu',
  category: 'Critical',
  label: 'Virtual GPU',
  about: 'The VM uses a share of a graphics card. The nodes must offer one, and the driver in the guest must fit.',
  remedy: 'Have the node’s GPU permitted in KubeVirt and assign it.',
  assess: (label) =>
    `${label} is missing on the target until you permit a GPU in KubeVirt and add it to the VM; check the licence of the driver.`,
});
