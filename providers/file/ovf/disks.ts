/** Disk items and the DiskSection entries behind them: what a package declares about its disks, before any image is opened. */

import { defined } from '../../../src/model/defined.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { PackageProperty } from '../../../src/model/packaging.ts';
import { type Bytes, MAX_DISK_BYTES } from '../../../src/model/units.ts';
import type { Cdrom, DiskController, Slot } from '../../../src/model/vm.ts';
import { type Controllers, slotOf } from './controllers.ts';
import type { DiskEntry, Envelope, FileEntry } from './envelope.ts';
import { cim, type Hardware, type HardwareItem, RESOURCE } from './hardware.ts';
import { parseCount, parseUnit, toBytes } from './values.ts';
import { attribute, malformed, placeOf, type XmlElement } from './xml.ts';

/** Longest chain of parents; vSphere allows 32 snapshots. */
const MAX_CHAIN = 256;

export interface DiskDraft {
  readonly key: string;
  readonly label: string;
  readonly slot?: Slot;
  readonly bootOrder?: number;
  /** The image and its declared parents, nearest first; empty for a blank disk. */
  readonly files: readonly FileEntry[];
  /** Declared size; absent when the descriptor leaves it to the image. */
  readonly declared?: Bytes;
  /** Declared amount of data (`populatedSize`). */
  readonly populated?: Bytes;
  /** The format's URI. */
  readonly format?: string;
  readonly diskId?: string;
  /** InstanceID of the item. */
  readonly itemId: string;
  /** Element to name in errors. */
  readonly element: XmlElement;
}

export interface DiskContext {
  readonly envelope: Envelope;
  readonly hardware: Hardware;
  readonly controllers: Controllers;
  /** Properties that a capacity may refer to. */
  readonly properties: readonly PackageProperty[];
}

export interface DrivesRead {
  readonly disks: readonly DiskDraft[];
  readonly cdroms: readonly Cdrom[];
  /** Controllers that no item stands for (oVirt names only the interface of a disk). */
  readonly implied: readonly DiskController[];
  /** Disk drives without any backing in the package: their labels. */
  readonly unbacked: readonly string[];
}

const DISK_TYPES: ReadonlySet<number> = new Set([
  RESOURCE.disk,
  RESOURCE.storageExtent,
  RESOURCE.logicalDisk,
  RESOURCE.storageVolume,
]);

export function isDiskItem(item: HardwareItem): boolean {
  return DISK_TYPES.has(item.type);
}

export function isCdItem(item: HardwareItem): boolean {
  return item.type === RESOURCE.cd || item.type === RESOURCE.dvd;
}

/**
 * Disks and optical drives in the order of the file.
 * @throws MigrationError `ovf-malformed` for references that lead nowhere and capacities that cannot be read, `image-parent-loop`
 */
export function readDrives(context: DiskContext): DrivesRead {
  const disks: DiskDraft[] = [];
  const cdroms: Cdrom[] = [];
  const unbacked: string[] = [];
  const implied = new Map<string, DiskController>();
  const taken = new Set<string>();
  for (const item of context.hardware.items) {
    if (isCdItem(item)) {
      cdroms.push(readCdrom(item, cdroms.length, context, taken));
      continue;
    }
    if (!isDiskItem(item)) continue;
    const label = item.name ?? `Hard disk ${disks.length + 1}`;
    const backing = findBacking(item, context.envelope);
    if (backing === undefined) {
      unbacked.push(label);
      continue;
    }
    const controller = context.controllers.byId.get(item.parent ?? '') ?? impliedController(backing.disk, context, implied);
    const slot = slotOf(item, context.controllers) ?? impliedSlot(controller, implied, disks);
    disks.push(
      defined({
        key: claimKey(slot, backing.disk?.id ?? backing.file?.id ?? `disk${disks.length}`, taken),
        label,
        slot,
        bootOrder: parseCount(cim(item.element, 'BootOrder')) || undefined,
        itemId: item.id,
        ...readBacking(backing, item, context),
      }),
    );
  }
  return { disks, cdroms, implied: [...implied.values()], unbacked };
}

interface Backing {
  readonly disk?: DiskEntry;
  readonly file?: FileEntry;
}

/**
 * HostResource names a disk or a file: `ovf:/disk/vmdisk1`, `/disk/vmdisk1` (VirtualBox), `ovf://disk/…`, `disk/…` (0.9),
 * or the bare id or file reference (oVirt).
 */
function findBacking(item: HardwareItem, envelope: Envelope): Backing | undefined {
  const resource = item.hostResource;
  if (resource === undefined) return undefined;
  const match = /^(?:ovf:)?\/{0,2}(disk|file)\/(.+)$/.exec(resource);
  const id = match?.[2] ?? resource;
  const disk = match?.[1] === 'file' ? undefined : (envelope.disks.get(id) ?? envelope.disksByFile.get(id));
  const file = disk === undefined ? envelope.files.get(id) : undefined;
  if (disk === undefined && file === undefined) {
    throw malformed(item.element, `HostResource ${resource} names nothing that the envelope declares`);
  }
  return defined({ disk, file });
}

function readBacking({ disk, file }: Backing, item: HardwareItem, context: DiskContext) {
  if (disk === undefined) return { files: file === undefined ? [] : [file], element: item.element };
  const declared = capacityOf(disk, context.properties);
  const files = chainOf(disk, context.envelope);
  if (files.length === 0 && declared === undefined)
    throw malformed(disk.element, `Disk ${disk.id} has neither a file nor a capacity`);
  const populated = parseCount(attribute(disk.element, 'populatedSize'));
  return { files, declared, populated, format: disk.format, diskId: disk.id, element: disk.element };
}

/** The files of a disk and of its declared parents, nearest first. */
function chainOf(disk: DiskEntry, envelope: Envelope): readonly FileEntry[] {
  const files: FileEntry[] = [];
  const seen = new Set<string>();
  for (let current: DiskEntry | undefined = disk; current !== undefined; ) {
    if (seen.has(current.id)) {
      throw new MigrationError('image-parent-loop', `Disk ${disk.id} is its own parent`, {
        ...placeOf(disk.element),
        disk: disk.id,
      });
    }
    seen.add(current.id);
    const file = fileOf(current, envelope);
    if (file !== undefined) files.push(file);
    if (seen.size > MAX_CHAIN) throw malformed(disk.element, `Disk ${disk.id} has more than ${MAX_CHAIN} parents`);
    if (current.parentRef === undefined) break;
    const parent: DiskEntry | undefined = envelope.disks.get(current.parentRef);
    if (parent === undefined)
      throw malformed(current.element, `Disk ${current.id} names the parent ${current.parentRef}, which is not there`);
    current = parent;
  }
  return files;
}

/** oVirt refers to files by href as well as by id. */
function fileOf(disk: DiskEntry, envelope: Envelope): FileEntry | undefined {
  if (disk.fileRef === undefined) return undefined;
  const file = envelope.files.get(disk.fileRef) ?? envelope.filesByHref.get(disk.fileRef);
  if (file === undefined) throw malformed(disk.element, `Disk ${disk.id} names the file ${disk.fileRef}, which is not there`);
  return file;
}

/** Declared size in bytes; the unit defaults to the byte. oVirt's own `ovf:size` counts GiB. */
function capacityOf(disk: DiskEntry, properties: readonly PackageProperty[]): Bytes | undefined {
  const written = attribute(disk.element, 'capacity');
  const gibibytes = parseCount(attribute(disk.element, 'size'));
  if (written === undefined || written === '') return gibibytes === undefined ? undefined : gibibytes * 2 ** 30;
  const reference = /^\$\{(.+)\}$/.exec(written.trim())?.[1];
  const text = reference === undefined ? written : propertyValue(reference, properties);
  if (text === undefined)
    throw malformed(disk.element, `The capacity of disk ${disk.id} refers to the property ${reference}, which has no value`);
  const unit = parseUnit(attribute(disk.element, 'capacityAllocationUnits') || 'byte');
  const count = parseCount(text);
  const bytes = unit && count !== undefined ? toBytes(count, unit) : undefined;
  if (bytes === undefined || bytes > MAX_DISK_BYTES)
    throw malformed(disk.element, `The capacity of disk ${disk.id} is no size of a disk: ${text}`);
  return bytes;
}

function propertyValue(key: string, properties: readonly PackageProperty[]): string | undefined {
  const exact = properties.find((property) => property.key === key);
  return (exact ?? properties.find((property) => property.key.split('.').includes(key)))?.value;
}

/** The slot names the disk; where it is unknown or, against all reason, taken, the disk's own id does. */
function claimKey(slot: Slot | undefined, id: string, taken: Set<string>): string {
  const candidates = slot === undefined ? [id] : [`${slot.controller}:${slot.unit}`, id];
  let key = candidates.find((candidate) => !taken.has(candidate));
  for (let number = taken.size; key === undefined; number += 1) {
    if (!taken.has(`${id}#${number}`)) key = `${id}#${number}`;
  }
  taken.add(key);
  return key;
}

const IMPLIED_KINDS: ReadonlyMap<string, DiskController> = new Map([
  ['virtio', { key: 'virtio0', kind: 'virtio-blk' }],
  ['virtio_scsi', { key: 'scsi0', kind: 'virtio-scsi' }],
  ['sata', { key: 'sata0', kind: 'sata' }],
  ['ide', { key: 'ide0', kind: 'ide' }],
]);

/** oVirt's `ovf:disk-interface` on the Disk; only where the file describes no controller for disks. */
function impliedController(
  disk: DiskEntry | undefined,
  { controllers }: DiskContext,
  implied: Map<string, DiskController>,
): DiskController | undefined {
  if (controllers.list.some((controller) => controller.kind !== 'usb')) return undefined;
  const word = disk && attribute(disk.element, 'disk-interface')?.toLowerCase();
  const controller = word === undefined ? undefined : IMPLIED_KINDS.get(word);
  if (controller !== undefined) implied.set(controller.key, controller);
  return controller;
}

/** Disks on an implied controller are numbered in the order of the file. */
function impliedSlot(
  controller: DiskController | undefined,
  implied: ReadonlyMap<string, DiskController>,
  disks: readonly DiskDraft[],
): Slot | undefined {
  if (controller === undefined || !implied.has(controller.key)) return undefined;
  return { controller: controller.key, unit: disks.filter((disk) => disk.slot?.controller === controller.key).length };
}

function readCdrom(item: HardwareItem, index: number, { envelope, controllers }: DiskContext, taken: Set<string>): Cdrom {
  const slot = slotOf(item, controllers);
  const file = /^(?:ovf:)?\/{0,2}file\/(.+)$/.exec(item.hostResource ?? '')?.[1];
  return defined({
    key: claimKey(slot, `cdrom${index}`, taken),
    slot,
    media: (file && envelope.files.get(file)?.href) ?? item.hostResource,
  });
}
