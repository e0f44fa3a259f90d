/** How a guest boots: questions to a session in which the system is mounted at /. */
import type { InspectedBoot, InspectedFilesystem, InspectedSystem } from '../../model/guest-inspection.ts';
import { type Guestfish, quoted } from './guestfish.ts';

const MAX_LOADERS = 200;
const MAX_NAMES = 32;

/** Takes all mounts away. */
export async function readBoot(
  session: Guestfish,
  system: InspectedSystem | undefined,
  filesystems: readonly InspectedFilesystem[],
): Promise<InspectedBoot> {
  const bios = system === undefined ? undefined : await hasBiosLoader(session, system.type);
  const diskNames = system?.type === 'linux' ? await readDiskNames(session) : [];
  await session.ask('umount-all');
  const disk = await diskOf(session, system?.root ?? filesystems[0]?.device ?? '/dev/sda');
  const type = (await session.ask(`part-get-parttype ${quoted(disk)}`)).trim();
  const table = type === 'gpt' ? 'gpt' : type === 'msdos' ? 'mbr' : undefined;
  const uefi = await findLoaders(session, filesystems);
  return {
    ...(table === undefined ? {} : { table }),
    ...(uefi === undefined ? {} : { uefi }),
    ...(bios === undefined ? {} : { bios }),
    ...(diskNames.length === 0 ? {} : { diskNames }),
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

/** Names of disks that change with their controller, in what mounts and boots the guest. */
async function readDiskNames(session: Guestfish): Promise<readonly string[]> {
  const files = ['/etc/fstab', '/etc/crypttab', '/boot/grub/grub.cfg', '/boot/grub2/grub.cfg', '/boot/grub/menu.lst'];
  const names = new Set<string>();
  for (const file of files) {
    for (const line of await session.lines(`grep /dev/ ${quoted(file)}`)) {
      if (/^\s*#/.test(line)) continue;
      for (const [name] of line.matchAll(/\/dev\/(?:sd|hd|xvd)[a-z]+\d*\b/g)) if (names.size < MAX_NAMES) names.add(name);
    }
  }
  return [...names].sort();
}
