/** Devices of qemu-system by the words of KubeVirt's manifests: what libvirt makes of them in a virt-launcher. For machines of the type q35. */
import type { DiskBus, InterfaceModel } from './manifest.ts';

export const QEMU_NICS: Readonly<Record<InterfaceModel, string>> = {
  virtio: 'virtio-net-pci',
  e1000: 'e1000',
  e1000e: 'e1000e',
  igb: 'igb',
  rtl8139: 'rtl8139',
  ne2k_pci: 'ne2k_pci',
  pcnet: 'pcnet',
};

export interface QemuDisk {
  readonly disk: string;
  readonly cdrom?: string;
  /** A controller that has to be there once for all disks of the bus, and the words by which they are plugged into it. */
  readonly controller?: string;
  readonly bus?: string;
}

export const QEMU_DISKS: Readonly<Record<DiskBus, QemuDisk>> = {
  virtio: { disk: 'virtio-blk-pci' },
  scsi: { disk: 'scsi-hd', cdrom: 'scsi-cd', controller: 'virtio-scsi-pci,id=scsi', bus: 'scsi.0' },
  sata: { disk: 'ide-hd', cdrom: 'ide-cd' },
  usb: { disk: 'usb-storage', controller: 'qemu-xhci,id=disks', bus: 'disks.0' },
};

/**
 * KubeVirt gives virtio 1.0 alone, unless the manifest says `useVirtioTransitional`: a guest with older drivers does not see it.
 * @param device with its options; others than virtio stay as they are
 */
export function virtioModel(device: string, transitional: boolean): string {
  return device.replace(/^virtio-[a-z]+-pci/, `$&-${transitional ? 'transitional' : 'non-transitional'}`);
}

const SATA_PORTS = 6;

/** Where the nth SATA device goes, from 0 on. The board has one controller of six ports; `controller` has to be made before the device. */
export function sataPort(nth: number): { readonly bus: string; readonly controller?: string } {
  const board = Math.floor(nth / SATA_PORTS);
  if (board === 0) return { bus: `ide.${nth}` };
  const port = nth % SATA_PORTS;
  return { bus: `ahci${board}.${port}`, ...(port === 0 && { controller: `ahci,id=ahci${board}` }) };
}
