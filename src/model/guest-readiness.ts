/** Whether a guest would boot from virtio disks with a virtio NIC as it is, without a conversion. */
import type { GuestInspection, InspectedKernel, InspectedSystem } from './guest-inspection.ts';

export interface Readiness {
  readonly ready: boolean;
  /** What stands against it; empty when the guest is ready. */
  readonly because: readonly string[];
}

/** What is not known counts as not ready. */
export function readiness(inspection: GuestInspection, firmware: 'bios' | 'uefi'): Readiness {
  const because = [...shortages(inspection).map(({ text }) => text), ...loader(inspection, firmware)];
  return { ready: because.length === 0, because };
}

/** The system in `root`. */
export function systemOf({ systems, root }: Pick<GuestInspection, 'systems' | 'root'>): InspectedSystem | undefined {
  return systems.find((one) => one.root === root?.device);
}

/**
 * What a guest was seen to lack for virtio devices, and nothing that is merely unknown. Its boot loader is no part of it: other devices do
 * not mend that.
 */
export function lacking(inspection: GuestInspection): { readonly disks: readonly string[]; readonly nics: readonly string[] } {
  const seen = shortages(inspection).filter(({ known }) => known);
  const of = (device: Shortage['device']): readonly string[] =>
    seen.filter((one) => one.device === device).map(({ text }) => text);
  return { disks: of('disk'), nics: of('nic') };
}

/** By the boot loaders that were found; undefined where there are both, or none. */
export function firmwareIn({ boot }: Pick<GuestInspection, 'boot'>): 'bios' | 'uefi' | undefined {
  if (boot.uefi !== undefined) return boot.bios === true ? undefined : 'uefi';
  return boot.bios === true ? 'bios' : undefined;
}

/** Something that keeps a guest from using a virtio device. */
interface Shortage {
  readonly device: 'disk' | 'nic';
  readonly text: string;
  /** False: nobody could find out. */
  readonly known: boolean;
}

function shortages(inspection: GuestInspection): readonly Shortage[] {
  const { systems, encrypted, boot } = inspection;
  const found = systemOf(inspection);
  if (found === undefined) {
    const closed = encrypted.filter(({ opened }) => !opened).map(({ device }) => device);
    if (closed.length > 0) return unknown(`${closed.join(', ')} could not be opened, so nobody knows what is inside`);
    return unknown(
      systems.length === 0 ? 'no operating system was found on the disks' : 'nothing tells which of several systems it is',
    );
  }
  if (found.type === 'windows') return windows(inspection);
  if (found.type !== 'linux') return unknown(`the drivers of ${found.product ?? found.type} are not known`);
  const names = boot.diskNames ?? [];
  return [
    ...linux(inspection),
    ...(names.length === 0
      ? []
      : [lack('disk', `its configuration names disks that are called otherwise with virtio: ${names.join(', ')}`)]),
  ];
}

function linux({ drivers }: GuestInspection): readonly Shortage[] {
  const kernels = (drivers?.kernels ?? []).filter(({ bootable }) => bootable !== false);
  if (kernels.length === 0) return unknown('no kernel was found in the guest');
  return kernels.flatMap(kernel);
}

function kernel({ version, virtio, virtioAtBoot, virtioNet }: InspectedKernel): readonly Shortage[] {
  if (!virtio) return [lack('disk', `kernel ${version} has no virtio disk driver`)];
  return [
    ...(virtioAtBoot === false ? [lack('disk', `the initial RAM disk of kernel ${version} lacks the virtio disk driver`)] : []),
    ...(virtioAtBoot === undefined ? unknown(`the initial RAM disk of kernel ${version} could not be read`) : []),
    ...(virtioNet === true
      ? []
      : [{ ...lack('nic', `kernel ${version} has no virtio network driver that could be found`), known: virtioNet === false }]),
  ];
}

/** Windows loads what its disk needs before it can read one: `Start` 0. A NIC may come later, by plug and play, but must not be disabled. */
function windows({ drivers }: GuestInspection): readonly Shortage[] {
  const services = drivers?.services;
  if (services === undefined) return unknown('the drivers of Windows could not be read from its registry');
  const of = (name: string): { readonly start?: number; readonly file: boolean } | undefined =>
    services.find((service) => service.name === name);
  const [disk, nic] = [of('viostor'), of('netkvm')];
  const hasDisk = disk?.file === true && disk.start === 0;
  const hasNic = nic?.file === true && nic.start !== undefined && nic.start <= 3;
  return [
    ...(hasDisk ? [] : [lack('disk', 'viostor, the virtio disk driver, is not started with Windows')]),
    ...(hasNic ? [] : [lack('nic', 'netkvm, the virtio network driver, is not installed')]),
  ];
}

function lack(device: Shortage['device'], text: string): Shortage {
  return { device, text, known: true };
}

function unknown(text: string): readonly Shortage[] {
  return [{ device: 'disk', text, known: false }];
}

/** KubeVirt knows nothing of the boot entries that the old machine stored. */
function loader({ boot }: GuestInspection, firmware: 'bios' | 'uefi'): readonly string[] {
  if (firmware === 'bios' || boot.uefi?.fallback === true) return [];
  if (boot.uefi === undefined) return ['no EFI system partition could be read'];
  return ['there is no \\EFI\\BOOT\\BOOTX64.EFI, and stored boot entries do not come along'];
}
