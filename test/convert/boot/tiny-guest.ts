/**
 * Guests that are up in seconds without KVM: a disk with GRUB, the kernel of Debian's linux-image-cloud-amd64 and an initramfs of busybox
 * and a script. They stand for what a guest says on its console, not for a distribution.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, glob, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { VirtualMachine } from '../../../src/model/manifest.ts';

const run = promisify(execFile);

export const MAC = '00:50:56:ab:cd:01';
export const ADDRESS = '192.0.2.10/24';

/** Below the kernel's folder of modules, in the order in which they need each other. */
const MODULES = [
  ...['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci'].map(
    (name) => `drivers/virtio/${name}`,
  ),
  ...[
    'net/core/failover',
    'drivers/net/net_failover',
    'drivers/net/virtio_net',
    'drivers/block/virtio_blk',
    'drivers/char/virtio_console',
  ],
];

/** What the init script starts with: devices, and the network card with its static address. */
export const NETWORK = `
busybox mount -t devtmpfs dev /dev
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
for module in ${MODULES.map((file) => path.basename(file)).join(' ')}; do busybox insmod /modules/$module.ko; done
busybox ip address add ${ADDRESS} dev eth0
busybox ip link set eth0 up
`;

export interface TinyGuest {
  /** What runs as the first process, after the first line. */
  readonly init?: string;
  /** Words for the kernel beside the console. */
  readonly kernel?: string;
  /** `ttyS0` when absent. */
  readonly console?: string;
  /** Instead of starting the kernel. */
  readonly grub?: string;
}

/** The disk of such a guest, as a raw file at `disk`. */
export async function makeDisk(disk: string, { init = '', kernel = '', grub, console = 'ttyS0' }: TinyGuest): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-tiny-guest-'));
  try {
    const [image, root] = [path.join(folder, 'image'), path.join(folder, 'root')];
    await Promise.all(['dev', 'proc', 'sys', 'bin', 'modules'].map((name) => mkdir(path.join(root, name), { recursive: true })));
    await mkdir(path.join(image, 'boot/grub'), { recursive: true });
    await copyFile('/bin/busybox', path.join(root, 'bin/busybox'));
    const modules = glob(`/lib/modules/*-cloud-amd64/kernel/{${MODULES.join(',')}}.ko`);
    for await (const module of modules) await copyFile(module, path.join(root, 'modules', path.basename(module)));
    await writeFile(path.join(root, 'init'), `#!/bin/busybox sh\n${init}\n`);
    await chmod(path.join(root, 'init'), 0o755);
    await run('sh', ['-c', 'find . | cpio -o -H newc --quiet > "$0"', path.join(image, 'boot/initrd')], { cwd: root });
    await copyFile(await kernelFile(), path.join(image, 'boot/vmlinuz'));
    const start = `linux /boot/vmlinuz console=${console} quiet ${kernel}\ninitrd /boot/initrd\nboot`;
    await writeFile(path.join(image, 'boot/grub/grub.cfg'), `${grub ?? start}\n`);
    await run('grub-mkrescue', ['-d', '/usr/lib/grub/i386-pc', '-o', disk, image]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The newest that is installed. */
async function kernelFile(): Promise<string> {
  const found = (await Array.fromAsync(glob('/boot/vmlinuz-*-cloud-amd64'))).toSorted();
  const newest = found.at(-1);
  if (newest === undefined) throw new Error('the tests need a kernel: install linux-image-cloud-amd64');
  return newest;
}

export interface TinyMachine {
  readonly firmware?: VirtualMachine['spec']['template']['spec']['domain']['firmware']['bootloader'];
  readonly tpm?: true;
  readonly disks?: VirtualMachine['spec']['template']['spec']['domain']['devices']['disks'];
  readonly interfaces?: VirtualMachine['spec']['template']['spec']['domain']['devices']['interfaces'];
  readonly memory?: string;
}

/** The manifest of a VM with one virtio disk on the claim `tiny-disk` and one virtio card. */
export function tinyVm({ firmware = { bios: {} }, tpm, disks, interfaces, memory = '256Mi' }: TinyMachine = {}): VirtualMachine {
  const devices = disks ?? [{ name: 'disk', disk: { bus: 'virtio' }, bootOrder: 1, serial: 'TINY1' }];
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'tiny' },
    spec: {
      runStrategy: 'Halted',
      template: {
        spec: {
          architecture: 'amd64',
          domain: {
            cpu: { sockets: 1, cores: 1, threads: 1, maxSockets: 1 },
            memory: { guest: memory },
            machine: { type: 'q35' },
            firmware: { uuid: '5d307ca9-b3ef-428c-8861-06e72d69f223', bootloader: firmware },
            features: { acpi: {} },
            devices: {
              autoattachPodInterface: false,
              disks: devices,
              interfaces: interfaces ?? [{ name: 'nic', model: 'virtio', macAddress: MAC.toUpperCase(), bridge: {} }],
              inputs: [],
              rng: {},
              ...(tpm === undefined ? {} : { tpm: { persistent: true } }),
            },
          },
          networks: [{ name: 'nic', multus: { networkName: 'default/net' } }],
          volumes: devices
            .filter((device) => !('cdrom' in device))
            .map(({ name }) => ({ name, persistentVolumeClaim: { claimName: `tiny-${name}` } })),
        },
      },
    },
  };
}
