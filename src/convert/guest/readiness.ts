/** Whether a guest would boot from virtio disks with a virtio NIC as it is, without a conversion. What is not known counts as not ready. Pure. */
import type { GuestInspection, InspectedKernel } from '../../model/guest-inspection.ts';

export interface Readiness {
  readonly ready: boolean;
  /** What stands against it; empty when the guest is ready. */
  readonly because: readonly string[];
}

export function readiness(inspection: GuestInspection, firmware: 'bios' | 'uefi'): Readiness {
  const because = [...system(inspection), ...loader(inspection, firmware)];
  return { ready: because.length === 0, because };
}

function system(inspection: GuestInspection): readonly string[] {
  const { systems, root, encrypted, boot } = inspection;
  const found = systems.find((one) => one.root === root?.device);
  if (found === undefined) {
    const closed = encrypted.filter(({ opened }) => !opened).map(({ device }) => device);
    if (closed.length > 0) return [`${closed.join(', ')} could not be opened, so nobody knows what is inside`];
    return [systems.length === 0 ? 'no operating system was found on the disks' : 'nothing tells which of several systems it is'];
  }
  if (found.type === 'windows') return windows(inspection);
  if (found.type !== 'linux') return [`the drivers of ${found.product ?? found.type} are not known`];
  const names = boot.diskNames ?? [];
  return [
    ...linux(inspection),
    ...(names.length === 0 ? [] : [`its configuration names disks that are called otherwise with virtio: ${names.join(', ')}`]),
  ];
}

function linux({ drivers }: GuestInspection): readonly string[] {
  const kernels = (drivers?.kernels ?? []).filter(({ bootable }) => bootable !== false);
  if (kernels.length === 0) return ['no kernel was found in the guest'];
  return kernels.flatMap(kernel);
}

function kernel({ version, virtio, virtioAtBoot, virtioNet }: InspectedKernel): readonly string[] {
  if (!virtio) return [`kernel ${version} has no virtio disk driver`];
  return [
    ...(virtioAtBoot === false ? [`the initial RAM disk of kernel ${version} lacks the virtio disk driver`] : []),
    ...(virtioAtBoot === undefined ? [`the initial RAM disk of kernel ${version} could not be read`] : []),
    ...(virtioNet === true ? [] : [`kernel ${version} has no virtio network driver that could be found`]),
  ];
}

/** Windows loads what its disk needs before it can read one: `Start` 0. A NIC may come later, by plug and play, but must not be disabled. */
function windows({ drivers }: GuestInspection): readonly string[] {
  const services = drivers?.services;
  if (services === undefined) return ['the drivers of Windows could not be read from its registry'];
  const of = (name: string): { readonly start?: number; readonly file: boolean } | undefined =>
    services.find((service) => service.name === name);
  const [disk, nic] = [of('viostor'), of('netkvm')];
  const hasDisk = disk?.file === true && disk.start === 0;
  const hasNic = nic?.file === true && nic.start !== undefined && nic.start <= 3;
  return [
    ...(hasDisk ? [] : ['viostor, the virtio disk driver, is not started with Windows']),
    ...(hasNic ? [] : ['netkvm, the virtio network driver, is not installed']),
  ];
}

/** KubeVirt knows nothing of the boot entries that the old machine stored. */
function loader({ boot }: GuestInspection, firmware: 'bios' | 'uefi'): readonly string[] {
  if (firmware === 'bios' || boot.uefi?.fallback === true) return [];
  if (boot.uefi === undefined) return ['no EFI system partition could be read'];
  return ['there is no \\EFI\\BOOT\\BOOTX64.EFI, and stored boot entries do not come along'];
}
