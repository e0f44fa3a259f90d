/** Which address of an export lease is which disk. Pure. */
import type { VimNode } from './vim/node.ts';

export interface DeviceUrl {
  readonly url: string;
  /** SHA-1 of the certificate of the host that serves it. */
  readonly thumbprint: string | undefined;
}

/**
 * The address of a disk. Servers name it by its controller and unit (`/vm-42/ParaVirtualSCSIController0:1`) or number the disks in
 * the order of the devices (`/vm-42/disk:1`, `disk-1.vmdk`). A lease with one disk of a VM with one disk needs no name. Nothing
 * is guessed beyond that: the wrong disk would be copied without anybody noticing.
 * @param urls `HttpNfcLeaseInfo.deviceUrl`
 * @param devices `config.hardware.device` of what is exported
 */
export function deviceUrl(urls: readonly VimNode[], devices: readonly VimNode[], deviceKey: number): DeviceUrl | undefined {
  // Old servers leave the flag out, and export other files (NVRAM, ISO images) only since they set it.
  const exported = urls.filter((url) => url.flag('disk') !== false);
  const disks = devices.filter(({ type }) => type === 'VirtualDisk');
  const at = disks.findIndex((disk) => disk.number('key') === deviceKey);
  const disk = disks[at];
  if (disk === undefined) return undefined;
  const slot = slotName(disk, devices);
  const bySlot = exported.filter((url) => slot !== undefined && lastPart(url.string('key')) === slot);
  const byNumber = exported.filter((url) => numberOf(url) === at);
  const alone = exported.length === 1 && disks.length === 1 ? exported : [];
  const [found, another] = [bySlot, byNumber, alone].find((candidates) => candidates.length > 0) ?? [];
  const url = found?.string('url');
  if (found === undefined || another !== undefined || url === undefined) return undefined;
  return { url, thumbprint: found.string('sslThumbprint') };
}

function slotName(disk: VimNode, devices: readonly VimNode[]): string | undefined {
  const controller = devices.find((device) => device.string('key') === disk.string('controllerKey'));
  const [bus, unit] = [controller?.string('busNumber'), disk.string('unitNumber')];
  return controller?.type === undefined || bus === undefined || unit === undefined
    ? undefined
    : `${controller.type}${bus}:${unit}`;
}

function numberOf(url: VimNode): number | undefined {
  for (const name of [url.string('key'), url.string('targetId')]) {
    const number = /^disk[:-](\d+)(\.vmdk)?$/.exec(lastPart(name))?.[1];
    if (number !== undefined) return Number(number);
  }
  return undefined;
}

function lastPart(path = ''): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
