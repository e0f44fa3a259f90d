/**
 * Looks into the disks of a VM: one appliance, many small questions (guestfish.ts). Nothing is written, nothing of the guest is run, and what
 * the guest says is bounded: so many systems, file systems, files and packages, and no more. Facts only; what could not be found out is absent.
 */

import type { VolumeKey } from '../../contracts/guest-converter.ts';
import { defined } from '../../model/defined.ts';
import type { EncryptedVolume, GuestInspection, InspectedFilesystem, InspectedSystem } from '../../model/guest-inspection.ts';
import { type ApplianceDisk, type Guestfish, type GuestfishOptions, quoted, withGuestfish } from './guestfish.ts';
import { readBoot } from './inspect-boot.ts';
import { readDrivers } from './inspect-drivers.ts';
import { readApplications, readNetworkFiles, toolsAmong } from './inspect-software.ts';
import { nicNamesIn } from './network/names.ts';

const MAX_SYSTEMS = 8;
const MAX_FILESYSTEMS = 128;

export interface OpenVolumesOptions {
  readonly keys?: readonly VolumeKey[];
}

export interface InspectOptions extends GuestfishOptions, OpenVolumesOptions {
  /** The root that the plan names. */
  readonly root?: string;
}

/** @throws MigrationError `appliance-failed`, `tool-missing`, `canceled` */
export async function inspectDisks(disks: readonly ApplianceDisk[], options: InspectOptions): Promise<GuestInspection> {
  return await withGuestfish(disks, { ...options, write: false }, (session) => inspect(session, options));
}

async function inspect(
  session: Guestfish,
  { keys = [], root: named, appliance, signal }: InspectOptions,
): Promise<GuestInspection> {
  const volumes = await openVolumes(session, keys);
  const encrypted = volumes.map(({ openedBy, ...volume }) => ({ ...volume, opened: openedBy !== undefined }));
  const volumeGroups = await session.lines('vgs');
  const roots = (await session.lines('inspect-os')).slice(0, MAX_SYSTEMS);
  const systems: InspectedSystem[] = [];
  for (const root of roots) systems.push(await readSystem(session, root));
  const root = chooseRoot(systems, named);
  const system = systems.find((one) => one.root === root?.device);
  const filesystems = await readFilesystems(session);
  if (system === undefined) {
    const boot = await readBoot(session, undefined, filesystems);
    const nothing = { tools: [], network: [], nicNames: [], applications: [], applicationCount: 0 };
    return { systems, filesystems, encrypted, volumeGroups, boot, ...nothing };
  }
  await mountAll(session, system);
  const applications = await readApplications(session, system.root);
  const network = await readNetworkFiles(session);
  const drivers = await readDrivers(session, system, { folder: appliance.temporary, signal });
  return {
    systems,
    ...(root === undefined ? {} : { root }),
    filesystems: await withSpace(session, filesystems, system),
    encrypted,
    volumeGroups,
    ...(drivers === undefined ? {} : { drivers }),
    tools: await toolsAmong(session, applications.first),
    network,
    nicNames: nicNamesIn(network),
    applications: applications.first,
    applicationCount: applications.count,
    // Mounts other file systems: the last question.
    boot: await readBoot(session, system, filesystems),
  };
}

/** Which system is meant; undefined when nothing tells. */
function chooseRoot(systems: readonly InspectedSystem[], named: string | undefined): GuestInspection['root'] {
  const [only, ...more] = systems;
  if (named !== undefined) {
    return systems.some(({ root }) => root === named) ? { device: named, because: 'the plan names it' } : undefined;
  }
  if (only === undefined || more.length > 0) return undefined;
  return { device: only.root, because: 'it is the only one on the disks' };
}

/** An encrypted volume, with the passphrase that opened it. */
export interface FoundVolume extends Omit<EncryptedVolume, 'opened'> {
  readonly openedBy: string | undefined;
}

/** Opens what the keys open, and the volume groups that appear with it. */
export async function openVolumes(session: Guestfish, keys: readonly VolumeKey[]): Promise<readonly FoundVolume[]> {
  const volumes: FoundVolume[] = [];
  // `list-filesystems` (1.48) leaves encrypted ones out.
  const places = [
    ...(await session.lines('list-partitions')),
    ...(await session.lines('list-devices')),
    ...(await session.lines('lvs')),
  ];
  for (const device of places.slice(0, MAX_FILESYSTEMS)) {
    const type = (await session.ask(`vfs-type ${quoted(device)}`)).trim().toLowerCase();
    const kind = type === 'crypto_luks' ? 'luks' : type === 'bitlocker' ? 'bitlocker' : undefined;
    if (kind === undefined) continue;
    const uuid = (await session.ask(`vfs-uuid ${quoted(device)}`)).trim();
    const candidates =
      kind === 'luks' ? keys.filter(({ volume }) => volume === undefined || volume === device || volume === uuid) : [];
    let openedBy: string | undefined;
    for (const { passphrase } of candidates) {
      if (openedBy === undefined && (await openVolume(session, device, volumes.length, passphrase))) openedBy = passphrase;
    }
    volumes.push({ device, kind, openedBy, ...(uuid === '' ? {} : { uuid }) });
  }
  if (volumes.some(({ openedBy }) => openedBy !== undefined)) await session.ask('lvm-scan true');
  return volumes;
}

async function openVolume(session: Guestfish, device: string, number: number, passphrase: string): Promise<boolean> {
  const name = `volume${number}`;
  await session.ask(`cryptsetup-open ${quoted(device)} ${name}`, passphrase);
  return (await session.lines('list-dm-devices')).includes(`/dev/mapper/${name}`);
}

/** What libguestfs says about one system. */
export async function readSystem(session: Guestfish, root: string): Promise<InspectedSystem> {
  const about = quoted(root);
  const text = async (what: string): Promise<string | undefined> => {
    const answer = (await session.ask(`inspect-get-${what} ${about}`)).trim().slice(0, 256);
    return answer === '' || answer === 'unknown' ? undefined : answer;
  };
  const major = Number(await text('major-version'));
  const minor = Number(await text('minor-version'));
  const facts = {
    distro: await text('distro'),
    arch: await text('arch'),
    product: await text('product-name'),
    variant: await text('product-variant'),
    hostname: await text('hostname'),
    packages: await text('package-format'),
  };
  const mounts = [...(await session.fields(`inspect-get-mountpoints ${about}`))]
    // Its fstab may call the root by a name that other disks have here.
    .map(([path, device]) => ({ path, device: path === '/' ? root : device }))
    .sort((a, b) => a.path.length - b.path.length)
    .slice(0, MAX_FILESYSTEMS);
  return {
    root,
    type: (await text('type')) ?? 'unknown',
    ...defined(facts),
    ...(major > 0 && minor >= 0 ? { version: { major, minor } } : {}),
    mounts,
  };
}

async function readFilesystems(session: Guestfish): Promise<readonly InspectedFilesystem[]> {
  const found: InspectedFilesystem[] = [];
  for (const [device, kind] of [...(await session.fields('list-filesystems'))].slice(0, MAX_FILESYSTEMS)) {
    const about = quoted(device);
    const uuid = (await session.ask(`vfs-uuid ${about}`)).trim();
    const size = Number(await session.ask(`blockdev-getsize64 ${about}`));
    const state = kind === 'ntfs' ? ntfsState(Number.parseInt(await session.ask(`ntfs-3g-probe true ${about}`), 10)) : undefined;
    found.push({
      device,
      kind,
      ...(uuid === '' ? {} : { uuid }),
      ...(size > 0 ? { size } : {}),
      ...(state === undefined ? {} : { state }),
    });
  }
  return found;
}

/** Exit statuses of ntfs-3g.probe(8). */
function ntfsState(status: number): InspectedFilesystem['state'] {
  if (status === 0) return 'clean';
  if (status === 14) return 'hibernated';
  return status === 13 || status === 15 ? 'dirty' : undefined;
}

/** Mounts the system read-only as it mounts itself. What cannot be mounted stays away. */
async function mountAll(session: Guestfish, { mounts }: InspectedSystem): Promise<void> {
  for (const { path, device } of mounts) await session.ask(`mount-ro ${quoted(device)} ${quoted(path)}`);
}

async function withSpace(
  session: Guestfish,
  filesystems: readonly InspectedFilesystem[],
  { mounts }: InspectedSystem,
): Promise<readonly InspectedFilesystem[]> {
  const measured = new Map<string, { size: number; free: number }>();
  const mounted = new Set((await session.fields('mountpoints')).keys());
  for (const { path, device } of mounts) {
    if (!mounted.has(device)) continue;
    const figures = await session.fields(`statvfs ${quoted(path)}`);
    const unit = Number(figures.get('frsize') ?? figures.get('bsize'));
    const size = unit * Number(figures.get('blocks'));
    const free = unit * Number(figures.get('bavail'));
    if (size > 0 && free >= 0) measured.set(device, { size, free });
  }
  return filesystems.map((one) => ({ ...one, ...measured.get(one.device) }));
}
