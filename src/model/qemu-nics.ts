/** Devices of qemu-system by the models of KubeVirt's interfaces (`spec.template.spec.domain.devices.interfaces[].model`). */
import type { InterfaceModel } from './manifest.ts';

export const QEMU_NICS: Readonly<Record<InterfaceModel, string>> = {
  virtio: 'virtio-net-pci',
  e1000: 'e1000',
  e1000e: 'e1000e',
  igb: 'igb',
  rtl8139: 'rtl8139',
  ne2k_pci: 'ne2k_pci',
  pcnet: 'pcnet',
};
