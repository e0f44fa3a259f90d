/**
 * What libguestfs's inspection would say of a Linux that is the only system on plain file systems: its whole inspection takes as long as the start
 * of the appliance, and what has just been converted is mostly that. Whatever is not plain here is left to it.
 */
import type { InspectedSystem } from '../../../model/guest-inspection.ts';
import { type Guestfish, quoted } from '../guestfish.ts';

const MAX_VOLUMES = 32;
const ROOTS = /^(ext[234]|xfs)$/;
/** May hold another system, or a part of this one that is put together in ways that are not known here. */
const UNUSUAL = /^(ntfs|refs|btrfs|bcachefs|zfs_member|linux_raid_member|ufs|hfsplus|apfs|jfs|reiserfs|f2fs)$/;
/** Without these the guest cannot be finished. */
const NEEDED = /^\/(boot|boot\/efi|efi|usr|var|etc)$/;

/** Undefined where the guest is to be inspected in full. Takes all mounts away. */
export async function quickLook(session: Guestfish, named: string | undefined): Promise<InspectedSystem | undefined> {
  const volumes = await volumesOf(session);
  if (volumes === undefined) return undefined;
  const found: { readonly root: string; readonly release: string; readonly fstab: string }[] = [];
  for (const [device, type] of volumes) {
    if (!ROOTS.test(type)) continue;
    await session.ask(`mount-ro ${quoted(device)} /`);
    const [release, fstab] = [await textOf(session, '/etc/os-release'), await textOf(session, '/etc/fstab')];
    if (release !== '' && fstab !== '') found.push({ root: device, release, fstab });
    await session.ask('umount-all');
  }
  const [only, ...more] = found;
  if (only === undefined || more.length > 0 || (named !== undefined && named !== only.root)) return undefined;
  const mounts = await mountsOf(session, parseFstab(only.fstab), volumes);
  if (mounts === undefined) return undefined;
  return { root: only.root, type: 'linux', ...parseRelease(only.release), mounts: [{ path: '/', device: only.root }, ...mounts] };
}

/** File systems by device; undefined when one is unusual. */
async function volumesOf(session: Guestfish): Promise<ReadonlyMap<string, string> | undefined> {
  const questions = ['list-partitions', 'list-devices', 'lvs', 'list-dm-devices'];
  const devices: string[] = [];
  for (const question of questions) devices.push(...(await session.lines(question)));
  if (devices.length > MAX_VOLUMES) return undefined;
  const volumes = new Map<string, string>();
  for (const device of devices) {
    const type = (await session.ask(`vfs-type ${quoted(device)}`)).trim().toLowerCase();
    if (UNUSUAL.test(type)) return undefined;
    volumes.set(device, type);
  }
  return volumes;
}

async function textOf(session: Guestfish, path: string): Promise<string> {
  if (!(await session.is(`is-file ${path} followsymlinks:true`))) return '';
  return Number(await session.ask(`filesize ${path}`)) > 65_536 ? '' : await session.ask(`cat ${path}`);
}

export interface FstabEntry {
  readonly spec: string;
  readonly path: string;
}

/** Mounts of file systems on disks below the root, shortest path first. */
export function parseFstab(text: string): readonly FstabEntry[] {
  const entries = text.split('\n').flatMap((line): FstabEntry[] => {
    const [spec = '', path = '', type = ''] = line.trim().split(/\s+/);
    if (spec.startsWith('#') || !/^\/./.test(path) || !/^(ext[234]|xfs|vfat|auto)$/.test(type)) return [];
    return [{ spec: spec.replaceAll('"', ''), path: path.replace(/\/+$/, '') }];
  });
  return entries.sort((a, b) => a.path.length - b.path.length);
}

/** Undefined when one that is needed cannot be found in a simple way. */
async function mountsOf(
  session: Guestfish,
  entries: readonly FstabEntry[],
  volumes: ReadonlyMap<string, string>,
): Promise<InspectedSystem['mounts'] | undefined> {
  const mounts: { path: string; device: string }[] = [];
  for (const { spec, path } of entries) {
    const device = await deviceOf(session, spec);
    if (device !== undefined && volumes.has(device)) mounts.push({ path, device });
    else if (NEEDED.test(path)) return undefined;
  }
  return mounts;
}

async function deviceOf(session: Guestfish, spec: string): Promise<string | undefined> {
  const [, kind, value = ''] = /^(UUID|LABEL)=(.+)$/.exec(spec) ?? [];
  if (kind === 'UUID') return (await session.ask(`findfs-uuid ${quoted(value)}`)).trim() || undefined;
  if (kind === 'LABEL') return (await session.ask(`findfs-label ${quoted(value)}`)).trim() || undefined;
  if (!/^\/dev\/(mapper\/|[\w.-]+\/)/.test(spec)) return undefined;
  return (await session.ask(`lvm-canonical-lv-name ${quoted(spec)}`)).trim() || undefined;
}

/** Names as libguestfs gives them. */
const DISTROS: Readonly<Record<string, string>> = {
  ol: 'oraclelinux',
  'opensuse-leap': 'opensuse',
  'opensuse-tumbleweed': 'opensuse',
  sles_sap: 'sles',
};

/** os-release(5). */
export function parseRelease(text: string): Pick<InspectedSystem, 'distro' | 'version' | 'product'> {
  const field = (name: string): string | undefined => {
    const value = new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.trim();
    return value?.replace(/^(["'])(.*)\1$/, '$2').slice(0, 256) || undefined;
  };
  const [id, product] = [field('ID'), field('PRETTY_NAME')];
  const [, major, minor = '0'] = /^(\d+)(?:\.(\d+))?/.exec(field('VERSION_ID') ?? '') ?? [];
  return {
    ...(id === undefined ? {} : { distro: DISTROS[id] ?? id }),
    ...(product === undefined ? {} : { product }),
    ...(major === undefined ? {} : { version: { major: Number(major), minor: Number(minor) } }),
  };
}
