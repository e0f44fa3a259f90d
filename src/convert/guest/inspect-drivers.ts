/** Whether a guest knows virtio, and knows it early enough to boot from it: questions to a session in which the system is mounted at /. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { InspectedDrivers, InspectedKernel, InspectedSystem } from '../../model/guest-inspection.ts';
import { type Guestfish, quoted } from './guestfish.ts';
import { initramfsModules } from './initramfs.ts';
import { readServices, windowsPath } from './windows/services.ts';

const MAX_KERNELS = 16;
/** Larger initial RAM disks are not fetched. */
const MAX_IMAGE = 512 * 1024 ** 2;

interface Scratch {
  /** Where files of the guest may lie for a moment. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

export async function readDrivers(
  session: Guestfish,
  { root, type }: Pick<InspectedSystem, 'root' | 'type'>,
  scratch: Scratch,
): Promise<InspectedDrivers | undefined> {
  if (type === 'windows') {
    const services = await readServices(session, root);
    const disk = services?.find(({ name }) => name === 'viostor');
    const virtio = (await windowsPath(session, '/windows/system32/drivers/viostor.sys')) !== '';
    const virtioAtBoot = disk?.start === undefined ? undefined : virtio && disk.start === 0;
    const kernel = { version: 'windows', virtio, ...(virtioAtBoot === undefined ? {} : { virtioAtBoot }) };
    return { kernels: [kernel], ...(services === undefined ? {} : { services }) };
  }
  if (type !== 'linux') return undefined;
  const kernels: InspectedKernel[] = [];
  for (const version of (await session.lines('ls /lib/modules')).slice(0, MAX_KERNELS)) {
    kernels.push(await readKernel(session, version, scratch));
  }
  return { kernels };
}

async function readKernel(session: Guestfish, version: string, scratch: Scratch): Promise<InspectedKernel> {
  const modules = `/lib/modules/${version}`;
  const builtIn = namesIn(await session.ask(`grep virtio ${quoted(`${modules}/modules.builtin`)}`));
  const loadable = namesIn(await session.ask(`grep virtio ${quoted(`${modules}/modules.dep`)}`));
  const there = new Set([...builtIn, ...loadable]);
  const bootable = await isBootable(session, version);
  const virtio = hasDisk(there);
  const facts = { version, virtio, virtioNet: there.has('virtio_net'), bootable };
  if (hasDisk(builtIn) && hasBus(builtIn)) return { ...facts, virtioAtBoot: true };
  if (!virtio || !bootable) return facts;
  const early = await modulesAtBoot(session, version, scratch);
  if (early === undefined) return facts;
  const all = new Set([...builtIn, ...early]);
  // Where no list names the bus, it is part of what is listed (modules.builtin may be missing).
  return { ...facts, virtioAtBoot: hasDisk(all) && (hasBus(all) || !hasBus(there)) };
}

function hasDisk(modules: ReadonlySet<string>): boolean {
  return modules.has('virtio_blk') || modules.has('virtio_scsi');
}

function hasBus(modules: ReadonlySet<string>): boolean {
  return modules.has('virtio_pci');
}

/** Modules in the first column of modules.dep, or in modules.builtin. */
function namesIn(text: string): ReadonlySet<string> {
  const names = text.split('\n').map((line) => /([^/\s:]+)\.ko(?:\.\w+)?(?=:|$)/.exec(line)?.[1]?.replaceAll('-', '_'));
  return new Set(names.filter((name) => name !== undefined));
}

async function isBootable(session: Guestfish, version: string): Promise<boolean> {
  for (const place of [`/boot/vmlinuz-${version}`, `/lib/modules/${version}/vmlinuz`, `/boot/kernel-${version}`]) {
    if (await session.is(`is-file ${quoted(place)} followsymlinks:true`)) return true;
  }
  return false;
}

/** Modules in the initial RAM disk; undefined when it could not be read, or shows none. */
async function modulesAtBoot(
  session: Guestfish,
  version: string,
  { folder, signal }: Scratch,
): Promise<ReadonlySet<string> | undefined> {
  for (const name of [`initrd.img-${version}`, `initramfs-${version}.img`, `initrd-${version}`]) {
    const image = `/boot/${name}`;
    const size = Number(await session.ask(`filesize ${quoted(image)}`));
    if (!(size > 0 && size <= MAX_IMAGE)) continue;
    const copy = path.join(folder, 'initramfs');
    try {
      await session.ask(`download ${quoted(image)} ${quoted(copy)}`);
      const found = await initramfsModules(copy, signal);
      if (found !== undefined) return found;
    } finally {
      await rm(copy, { force: true });
    }
    // The appliance knows other ways of packing, where nothing lies before the packed part.
    const listed = namesIn(await session.ask(`initrd-list ${quoted(image)}`));
    if (listed.size > 0) return listed;
  }
  return undefined;
}
