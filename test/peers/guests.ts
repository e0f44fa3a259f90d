/**
 * Real Debian guests as the sources of migrations: disks that boot at VMware (PVSCSI, VMXNET3, a static address on ens192) and whose
 * initramfs may know nothing else. Built once into `${XDG_CACHE_HOME:-~/.cache}/kubeferry/guests`, by the hash of the recipe and of the scripts that
 * cook it: the system (mmdebstrap, some minutes, package lists and all) and the disk apart. Needs root and loop devices. What is in the cache is only read.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export interface GuestRecipe {
  /** Tried by a boot: `bios` only. */
  readonly firmware: 'bios' | 'uefi';
  readonly root: 'ext4' | 'xfs' | 'btrfs';
  readonly network: 'ifupdown' | 'netplan';
  /** `vmware`: the drivers of its controllers only; `most`: what Debian puts in by itself. */
  readonly initramfs: 'vmware' | 'most';
}

/** What a hypervisor's user has most of. */
export const USUAL_GUEST: GuestRecipe = { firmware: 'bios', root: 'ext4', network: 'ifupdown', initramfs: 'vmware' };

/** The same in every guest; root may log in with the password, on the console and by SSH. */
export const GUEST_ADDRESS = '192.0.2.10';
export const GUEST_GATEWAY = '192.0.2.1';
export const GUEST_PREFIX = 24;
export const GUEST_PASSWORD = 'kubeferry';
/** Bytes of the disk; about a third of it is data. */
export const GUEST_DISK_SIZE = 2_684_354_560;

const FOLDER = path.join(import.meta.dirname, 'guests');
const PACKAGES = [
  ...['systemd-sysv', 'udev', 'dbus', 'kmod', 'iproute2', 'netbase', 'openssh-server', 'open-vm-tools', 'zstd', 'less'],
  ...['initramfs-tools', 'linux-image-amd64', 'grub2-common', 'grub-pc-bin', 'grub-efi-amd64-bin', 'e2fsprogs'],
];
const MORE = { ext4: [], xfs: ['xfsprogs'], btrfs: ['btrfs-progs'], ifupdown: ['ifupdown'], netplan: ['netplan.io'] } as const;

/** Path of the guest's raw disk in the cache. */
export async function buildGuest(
  recipe: GuestRecipe,
  onProgress = (line: string) => process.stderr.write(`${line}\n`),
): Promise<string> {
  const packages = [...PACKAGES, ...MORE[recipe.network], ...MORE[recipe.root]].toSorted().join(',');
  const system = await once({ name: 'system', ending: 'tar', script: 'system.sh', args: [packages], env: {} }, onProgress);
  const env = {
    FIRMWARE: recipe.firmware,
    ROOT: recipe.root,
    NETWORK: recipe.network,
    INITRAMFS: recipe.initramfs,
    ADDRESS: `${GUEST_ADDRESS}/${GUEST_PREFIX}`,
    GATEWAY: GUEST_GATEWAY,
    PASSWORD: GUEST_PASSWORD,
  };
  const name = [recipe.firmware, recipe.root, recipe.network, recipe.initramfs].join('-');
  return once({ name, ending: 'img', script: 'disk.sh', args: [system], env }, onProgress);
}

/** The guest's disk as hypervisors hand it out, at `target`. OVA: see test/demo's packaging. */
export async function exportGuest(disk: string, format: 'vmdk' | 'vhdx', target: string): Promise<void> {
  const options = { vmdk: ['-O', 'vmdk', '-o', 'subformat=streamOptimized'], vhdx: ['-O', 'vhdx', '-o', 'subformat=dynamic'] };
  await promisify(execFile)('qemu-img', ['convert', '-f', 'raw', ...options[format], disk, target]);
}

interface Cooking {
  readonly name: string;
  readonly ending: 'tar' | 'img';
  readonly script: 'system.sh' | 'disk.sh';
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
