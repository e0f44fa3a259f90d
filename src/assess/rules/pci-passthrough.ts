import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'pci-passthrough',
  kind: 'pci-passthrough',
  category: 'Critical',
  label: 'Physical PCI device',
  about:
    'The VM uses a device of its host directly. The nodes must have such a device and KubeVirt must be allowed to give it away.',
  remedy: 'Have the node’s device permitted in KubeVirt and assign it.',
  assess: (label) => `${label} is missing on the target until you permit a host device in KubeVirt and add it to the VM.`,
});
