/**
 * VMware's .vmx (a template's .vmtx): the VM's settings as text, its disks as VMDKs beside it.
 * I/O is here; `parse-vmx.ts` and `to-vm.ts` are pure. Nothing is read outside the folder of the .vmx.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { MigrationError } from '../../../src/model/errors.ts';
import type { DiskSource } from '../../../src/model/transfer.ts';
import { fileInside, isForeignPath, lastPart } from '../image/beside.ts';
import { unreadable } from '../image/image-bytes.ts';
import { probeImage } from '../image/probe.ts';
import { regularFile } from '../image/regular-file.ts';
import type { FileVm, ProbedImage } from '../seam.ts';
import { type Drive, listDrives } from './drives.ts';
import { MAX_VMX_BYTES, parseVmx } from './parse-vmx.ts';
import { toVm } from './to-vm.ts';
import { type VmxValues, vmxValues } from './values.ts';

/**
 * Reads a VM with the headers of its disks.
 * @throws MigrationError `source-not-found`, `source-unreadable`, `descriptor-too-large`, `descriptor-encoding`, `vmx-malformed`,
 *   `vmx-encrypted`, `package-file-missing` for a disk that is not there, `image-extent-unsafe` for one outside the folder, and
 *   whatever `probeImage` throws
 */
export async function readVmx(path: string, signal: AbortSignal): Promise<FileVm> {
  const { path: file } = await regularFile(path);
  const name = basename(file);
  const values = await readValues(file, signal);
  checkIsVmx(values, name);
  const drives = listDrives(values, name);
  const disks = new Map<string, DiskSource>();
  const troubles = new Map<string, MigrationError>();
  const images = new Map<string, ProbedImage>();
  for (const drive of drives) {
    if (drive.kind !== 'disk') continue;
    const image = await readDisk(file, drive, signal);
    images.set(drive.key, image);
    if (image.unreadable !== undefined) troubles.set(drive.key, image.unreadable);
    else disks.set(drive.key, { kind: 'image', layers: image.layers, capacity: image.capacity });
  }
  const snapshots = await readSnapshots(file, signal);
  const vm = toVm({ path: file, values, drives, images, ...(snapshots !== undefined && { snapshots }) });
  return { vm, disks, ...(troubles.size > 0 && { unreadable: troubles }) };
}

async function readValues(path: string, signal: AbortSignal): Promise<VmxValues> {
  return vmxValues(parseVmx(await readText(path, signal), basename(path)));
}

/** @throws MigrationError `descriptor-too-large`, `source-unreadable`, `source-not-found` */
export async function readText(path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_VMX_BYTES) {
      throw new MigrationError('descriptor-too-large', `${path} has ${size} bytes`, { file: path });
    }
    return await readFile(path, { signal });
  } catch (cause) {
    if (cause instanceof MigrationError || signal.aborted) throw cause;
    throw unreadable(path, cause);
  }
}

/** A VMX whose settings are themselves encrypted says no more than its name. */
function checkIsVmx(values: VmxValues, file: string): void {
  if (values.keys().includes('encryption.data')) {
    throw new MigrationError('vmx-encrypted', `${file}: the settings of the VM are encrypted`, { file });
  }
  const isVmx = ['config.version', 'virtualhw.version', 'guestos', 'memsize'].some((key) => values.keys().includes(key));
  if (!isVmx) throw new MigrationError('vmx-malformed', `${file} describes no VM`, { file });
}

async function readDisk(path: string, drive: Drive, signal: AbortSignal): Promise<ProbedImage> {
  const folder = dirname(path);
  const name = localName(drive.file ?? '', basename(path), drive.key);
  const slice = await fileInside(folder, folder, name);
  if (slice === undefined) {
    throw new MigrationError('package-file-missing', `${basename(path)} needs ${name}, which is not beside it`, {
      file: basename(path),
      at: `${drive.key}.fileName`,
      disk: drive.key,
    });
  }
  return await probeImage({ name, slices: [slice], folder }, signal);
}

/**
 * `[datastore] folder/disk.vmdk` is the way of vSphere to say where a disk was: only the name counts. An absolute path is another
 * folder, and the disk there may be another disk.
 */
function localName(written: string, file: string, key: string): string {
  if (written.startsWith('[')) return lastPart(written);
  const name = written.replaceAll('\\', '/');
  if (!isForeignPath(name) && !name.split('/').includes('..')) return name;
  throw new MigrationError('image-extent-unsafe', `${file}: the disk ${key} is outside the folder of the VM`, {
    file,
    at: `${key}.fileName`,
    disk: key,
  });
}

/** The list of snapshots has the name of the .vmx; VMware leaves it empty when there are none. */
async function readSnapshots(path: string, signal: AbortSignal): Promise<VmxValues | undefined> {
  const list = path.replace(/\.vm(x|tx)$/i, '.vmsd');
  if (list === path || (await fileInside(dirname(path), dirname(path), basename(list))) === undefined) return undefined;
  return await readValues(list, signal);
}
