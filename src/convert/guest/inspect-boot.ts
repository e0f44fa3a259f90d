/** How a guest boots, and whether its kernels know virtio: questions to a session in which the system is mounted at /. */
import type {
  InspectedBoot,
  InspectedDrivers,
  InspectedFilesystem,
  InspectedKernel,
  InspectedSystem,
} from '../../model/guest-inspection.ts';
import { type Guestfish, quoted } from './guestfish.ts';

const MAX_KERNELS = 16;
const MAX_LOADERS = 200;

/** Takes all mounts away. */
export async function readBoot(
  session: Guestfish,
  system: InspectedSystem | undefined,
  filesystems: readonly InspectedFilesystem[],
): Promise<InspectedBoot> {
  const bios = system === undefined ? undefined : await hasBiosLoader(session, system.type);
  await session.ask('umount-all');
  const disk = await diskOf(session, system?.root ?? filesystems[0]?.device ?? '/dev/sda');
  const type = (await session.ask(`part-get-parttype ${quoted(disk)}`)).trim();
  const table = type === 'gpt' ? 'gpt' : type === 'msdos' ? 'mbr' : undefined;
  const uefi = await findLoaders(session, filesystems);
  return {
    ...(table === undefined ? {} : { table }),
    ...(uefi === undefined ? {} : { uefi }),
    ...(bios === undefined ? {} : { bios }),
  };
}

/** The disk of a partition; the first one for what lies on no partition of its own (LVM). */
async function diskOf(session: Guestfish, device: string): Promise<string> {
  return (await session.ask(`part-to-dev ${quoted(device)}`)).trim() || '/dev/sda';
}

async function hasBiosLoader(session: Guestfish, type: string): Promise<boolean> {
  const places =
    type === 'windows'
      ? ['/bootmgr', '/ntldr', '/Boot/BCD']
      : ['/boot/grub/i386-pc/core.img', '/boot/grub2/i386-pc/core.img', '/boot/grub/stage2', '/boot/extlinux/ldlinux.sys'];
  for (const place of places) if (await session.is(`is-file ${quoted(place)}`)) return true;
  return false;
}

async function findLoaders(session: Guestfish, filesystems: readonly InspectedFilesystem[]): Promise<InspectedBoot['uefi']> {
  for (const { device } of filesystems.filter(({ kind }) => kind === 'vfat')) {
    await session.ask(`mount-ro ${quoted(device)} /`);
    const isSystemPartition = await session.is('is-dir /EFI');
    const files = isSystemPartition ? await session.lines('find /EFI') : [];
    await session.ask('umount-all');
    if (!isSystemPartition) continue;
    const loaders = files
      .map((file) => `/EFI/${file}`.replaceAll('//', '/').toLowerCase())
      .filter((file) => file.endsWith('.efi'))
      .slice(0, MAX_LOADERS);
    return { device, loaders, fallback: loaders.some((file) => /^\/efi\/boot\/boot[a-z0-9]+\.efi$/.test(file)) };
  }
  return undefined;
}

export async function readDrivers(session: Guestfish, type: string): Promise<InspectedDrivers | undefined> {
  if (type === 'windows') {
    const driver = await session.ask('case-sensitive-path /windows/system32/drivers/viostor.sys');
    return { kernels: [{ version: 'windows', virtio: driver.trim() !== '' }] };
  }
  if (type !== 'linux') return undefined;
  const kernels: InspectedKernel[] = [];
  for (const version of (await session.lines('ls /lib/modules')).slice(0, MAX_KERNELS)) {
    kernels.push(await readKernel(session, version));
  }
  return { kernels };
}

const DISK_DRIVERS = /(^|\/)virtio[_-](blk|scsi)\.ko/m;

async function readKernel(session: Guestfish, version: string): Promise<InspectedKernel> {
  const modules = `/lib/modules/${version}`;
  if (DISK_DRIVERS.test(await session.ask(`grep virtio ${quoted(`${modules}/modules.builtin`)}`))) {
    return { version, virtio: true, virtioAtBoot: true };
  }
  const virtio = DISK_DRIVERS.test(await session.ask(`grep virtio ${quoted(`${modules}/modules.dep`)}`));
  if (!virtio) return { version, virtio };
  const images = [`initrd.img-${version}`, `initramfs-${version}.img`, `initrd-${version}`];
  for (const image of images) {
    const listed = await session.ask(`initrd-list ${quoted(`/boot/${image}`)}`);
    // An image that cannot be unpacked, or only the microcode before it, says nothing about drivers.
    if (/\.ko/.test(listed)) return { version, virtio, virtioAtBoot: DISK_DRIVERS.test(listed) };
  }
  return { version, virtio };
}
