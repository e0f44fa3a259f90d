/**
 * Real Debian guests as the sources of migrations: disks that boot at VMware (PVSCSI, VMXNET3, static addresses on ens192 and ens224) and whose
 * initramfs may know nothing else. Built once into `${XDG_CACHE_HOME:-~/.cache}/kubeferry/guests`, by the hash of the recipe and of the scripts that
 * cook it: the system (mmdebstrap, a minute or two, package lists and all) and the disk apart. Needs root and loop devices. What is in the cache is
 * only read.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export interface GuestRecipe {
  /** `uefi`: a GPT disk with an EFI system partition, and no loader in the place where firmware looks without boot entries. */
  readonly firmware: 'bios' | 'uefi';
  readonly root: 'ext4' | 'xfs' | 'btrfs';
  /** What the root file system lies on. `luks`: below it, with a partition for /boot; it asks for the password at every start. */
  readonly on: 'partition' | 'lvm' | 'luks';
  /** A disk of data comes first, the one with the system second; the guest names the first by its device, and does not start without it. */
  readonly dataFirst: boolean;
  readonly network: 'ifupdown' | 'netplan';
  /** `vmware`: the drivers of its controllers only; `most`: what Debian puts in by itself. */
  readonly initramfs: 'vmware' | 'most';
}

/** What a hypervisor's user has most of. */
export const USUAL_GUEST: GuestRecipe = {
  firmware: 'bios',
  root: 'ext4',
  on: 'partition',
  dataFirst: false,
  network: 'ifupdown',
  initramfs: 'vmware',
};

/** One of a guest's two network cards. */
export interface GuestCard {
  readonly name: string;
  /** The PCI slot that gives it its name at the source. */
  readonly slot: number;
  readonly mac: string;
  readonly address: string;
  readonly gateway?: string;
}

/** Of both addresses. */
export const GUEST_PREFIX = 24;
/** The same in every guest, in the order of VMware's devices. */
export const GUEST_CARDS: readonly [GuestCard, GuestCard] = [
  { name: 'ens192', slot: 192, mac: '00:50:56:ab:cd:01', address: '192.0.2.10', gateway: '192.0.2.1' },
  { name: 'ens224', slot: 224, mac: '00:50:56:ab:cd:02', address: '198.51.100.10' },
];
/** Root may log in with it, on the console and by SSH; it opens encrypted disks. */
export const GUEST_PASSWORD = 'kubeferry';

const FOLDER = path.join(import.meta.dirname, 'guests');
const PACKAGES = [
  ...['systemd-sysv', 'udev', 'dbus', 'kmod', 'iproute2', 'netbase', 'openssh-server', 'open-vm-tools', 'zstd', 'less'],
  ...['initramfs-tools', 'linux-image-amd64', 'e2fsprogs'],
  ...['grub2-common', 'grub-pc-bin', 'grub-efi-amd64-bin', 'grub-efi-amd64-signed', 'shim-signed'],
];
const MORE = {
  ...{ ext4: [], xfs: ['xfsprogs'], btrfs: ['btrfs-progs'] },
  ...{ partition: [], lvm: ['lvm2'], luks: ['cryptsetup-initramfs'] },
  ...{ ifupdown: ['ifupdown'], netplan: ['netplan.io'] },
} as const;

/** Paths of the guest's raw disks in the cache, in the order of its devices. */
export async function buildGuest(
  recipe: GuestRecipe,
  onProgress = (line: string) => process.stderr.write(`${line}\n`),
): Promise<readonly string[]> {
  const packages = [...PACKAGES, ...MORE[recipe.network], ...MORE[recipe.root], ...MORE[recipe.on]].toSorted().join(',');
  const system = await once({ name: 'system', ending: 'tar', script: 'system.sh', args: [packages], env: {} }, onProgress);
  const [first, second] = GUEST_CARDS;
  const env = {
    FIRMWARE: recipe.firmware,
    ROOT: recipe.root,
    ON: recipe.on,
    DATA: recipe.dataFirst ? '/dev/sda1' : '',
    NETWORK: recipe.network,
    INITRAMFS: recipe.initramfs,
    ADDRESS: `${first.address}/${GUEST_PREFIX}`,
    SECOND_ADDRESS: `${second.address}/${GUEST_PREFIX}`,
    GATEWAY: first.gateway ?? '',
    PASSWORD: GUEST_PASSWORD,
  };
  const name = Object.values({ ...recipe, dataFirst: recipe.dataFirst ? 'second' : 'only' }).join('-');
  const disk = await once({ name, ending: 'img', script: 'disk.sh', args: [system], env }, onProgress);
  if (!recipe.dataFirst) return [disk];
  return [await once({ name: 'data', ending: 'img', script: 'data.sh', args: [], env: {} }, onProgress), disk];
}

/** A guest's disk as hypervisors hand it out, at `target`. */
export async function exportGuest(disk: string, format: 'vmdk' | 'vhdx', target: string): Promise<void> {
  const options = { vmdk: ['-O', 'vmdk', '-o', 'subformat=streamOptimized'], vhdx: ['-O', 'vhdx', '-o', 'subformat=dynamic'] };
  await promisify(execFile)('qemu-img', ['convert', '-f', 'raw', ...options[format], disk, target]);
}

interface Cooking {
  readonly name: string;
  readonly ending: 'tar' | 'img';
  readonly script: 'system.sh' | 'disk.sh' | 'data.sh';
  /** system.sh: its packages; disk.sh: the system. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Cooked under a lock, unless somebody else did so while we waited for it. */
const COOK_ONCE = 'test -e "$0" && exit 0; "$@" && mv "$0.new" "$0"';

async function once({ name, ending, script, args, env }: Cooking, onProgress: (line: string) => void): Promise<string> {
  const file = path.join(FOLDER, script);
  const hash = createHash('sha256')
    .update(await readFile(file))
    .update(JSON.stringify([args, env]));
  const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'kubeferry', 'guests');
  const target = path.join(cache, `${name}-${hash.digest('hex').slice(0, 16)}.${ending}`);
  if (await exists(target)) return target;
  await mkdir(cache, { recursive: true });
  onProgress(`guest ${name}: building, which takes minutes the first time`);
  const started = Date.now();
  const words = ending === 'tar' ? [`${target}.new`, ...args] : [...args, `${target}.new`];
  const [program = '', ...argv] = [
    'flock',
    `${target}.lock`,
    'nice',
    '-n',
    '10',
    'sh',
    '-c',
    COOK_ONCE,
    target,
    'sh',
    file,
    ...words,
  ];
  const child = spawn(program, argv, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`guest ${name} cannot be built (exit ${code}):\n${said}`);
  onProgress(`guest ${name}: built in ${Math.round((Date.now() - started) / 1000)} s`);
  return target;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
