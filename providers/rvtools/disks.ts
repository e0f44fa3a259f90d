/** Rows of vDisk → disks and the controllers they hang on. Sizes are as exact as RVTools writes them: whole mebibytes. */
import type { Bytes } from '../../src/model/units.ts';
import type { ControllerKind, Disk, DiskController, Slot, StorageRef } from '../../src/model/vm.ts';
import { count, flag, list, mebibytes, text } from './cells.ts';
import type { Row, VmRows } from './fleet.ts';

export interface DiskFacts {
  readonly controllers: readonly DiskController[];
  readonly disks: readonly Disk[];
}

export function readDisks(rows: VmRows): DiskFacts {
  const controllers = new Map<string, DiskController>();
  const disks: Disk[] = [];
  for (const [index, row] of (rows.vDisk ?? loneDisk(rows)).entries()) {
    const controller = readController(row);
    if (controller !== undefined && !controllers.has(controller.key)) controllers.set(controller.key, controller);
    const slot = readSlot(row, controller);
    disks.push(readDisk(row, { rows, index, slot, taken: disks }));
  }
  return { controllers: [...controllers.values()], disks };
}

/** vInfo alone tells the size of a disk only when there is just one. */
function loneDisk({ info }: VmRows): readonly Row<'vDisk'>[] {
  if (count(info.disks) !== 1 || mebibytes(info.diskTotal) === undefined) return [];
  return [{ capacity: info.diskTotal } as Row<'vDisk'>];
}

interface DiskContext {
  readonly rows: VmRows;
  readonly index: number;
  readonly slot: Slot | undefined;
  readonly taken: readonly Disk[];
}

function readDisk(row: Row<'vDisk'>, { rows, index, slot, taken }: DiskContext): Disk {
  const label = text(row.label) ?? `Hard disk ${index + 1}`;
  const candidates = [slot && `${slot.controller}:${slot.unit}`, label, text(row.key), `disk${index}`];
  const key =
    candidates.find((candidate) => candidate && !taken.some((disk) => disk.key === candidate)) ?? `${label} (${index + 1})`;
  const capacity = mebibytes(row.capacity) ?? 0;
  const allocated = estimateAllocated(row, rows, capacity);
  const file = [row.diskPath, row.path].map(text).find((path) => path?.startsWith('['));
  const storage = readStorage(file);
  const mode = readMode(row);
  const provisioning = readProvisioning(row);
  const passthrough = readPassthrough(row);
  const sharing = text(row.sharing);
  const lun = text(row.rawLun);
  const changeTracking = flag(rows.info.cbt);
  const serial = flag(rows.info.enableUuid) === true ? text(row.uuid) : undefined;
  return {
    key,
    label,
    capacity,
    format: { container: 'vmdk' },
    ...(allocated !== undefined && { allocated }),
    ...(slot !== undefined && { slot }),
    ...(storage !== undefined && { storage }),
    ...(file !== undefined && { file }),
    ...(mode !== undefined && { mode }),
    ...(provisioning !== undefined && { provisioning }),
    ...(passthrough !== undefined && { passthrough }),
    ...(sharing !== undefined && { shared: !/none/i.test(sharing) }),
    ...(/multi/i.test(sharing ?? '') && { sharing: 'multi-writer' }),
    ...(lun !== undefined && { lun }),
    ...(changeTracking !== undefined && { changeTracking }),
    ...(serial !== undefined && { serial }),
  };
}

/** Keys of the disks that a file system lies on, where the tools say so (vSphere 7) or there is just one. */
export function diskKeysOf({ diskKey }: Row<'vPartition'>, { vDisk }: VmRows, disks: readonly Disk[]): readonly string[] {
  if (disks.length === 1) return disks.map(({ key }) => key);
  const mapped = list(diskKey);
  return disks.filter((_disk, index) => mapped.includes(text(vDisk?.[index]?.key) ?? '-')).map(({ key }) => key);
}

/** What the guest's file systems on the disk hold: an estimate, as blocks that were freed may still be allocated. */
function estimateAllocated(row: Row<'vDisk'>, { info, vDisk, vPartition }: VmRows, capacity: Bytes): Bytes | undefined {
  const key = text(row.key);
  const only = (vDisk?.length ?? 1) <= 1;
  // A file system over several disks says nothing about one of them.
  const partitions = (vPartition ?? []).filter(({ diskKey }) => only || (key !== undefined && text(diskKey) === key));
  const consumed = partitions.map((partition) => mebibytes(partition.consumed));
  const inUse = consumed.length === 0 && only ? [mebibytes(info.inUse)] : consumed;
  if (inUse.length === 0) return undefined;
  let sum = 0;
  for (const bytes of inUse) {
    if (bytes === undefined) return undefined;
    sum += bytes;
  }
  return Math.min(sum, capacity);
}

const FAMILIES = { scsi: /^scsi/i, sata: /^(?:sata|ahci)/i, nvme: /^nvme/i, ide: /^ide/i } as const;

const KINDS: readonly (readonly [RegExp, ControllerKind])[] = [
  [/paravirtual|pvscsi/i, 'pvscsi'],
  [/sas/i, 'lsisas'],
  [/lsi/i, 'lsilogic'],
  [/bus\s*logic/i, 'buslogic'],
  [/nvme/i, 'nvme'],
  [/sata|ahci/i, 'sata'],
  [/ide/i, 'ide'],
];

/** `Label` is `SCSI controller 0`, `Controller` its type (`VMware paravirtual SCSI`, `LSI Logic SAS`); some versions swap or repeat them. */
function readController(row: Row<'vDisk'>): DiskController | undefined {
  const words = [row.controllerLabel, row.controller].map(text).filter((word) => word !== undefined);
  for (const [family, pattern] of Object.entries(FAMILIES) as [keyof typeof FAMILIES, RegExp][]) {
    const bus = words
      .map((word) => (pattern.test(word) ? /(\d+)$/.exec(word)?.[1] : undefined))
      .find((found) => found !== undefined);
    if (bus === undefined) continue;
    const named = KINDS.find(([kind]) => words.some((word) => !/(\d+)$/.test(word) && kind.test(word)))?.[1];
    const sharing = readSharing(text(row.sharedBus));
    return { key: `${family}${Number(bus)}`, kind: family === 'scsi' ? (named ?? 'scsi') : family, ...(sharing && { sharing }) };
  }
  return undefined;
}

function readSharing(word: string | undefined): DiskController['sharing'] {
  if (word === undefined) return undefined;
  if (/^no/i.test(word)) return 'none';
  if (/virtual/i.test(word)) return 'virtual';
  return /physical/i.test(word) ? 'physical' : undefined;
}

function readSlot(row: Row<'vDisk'>, controller: DiskController | undefined): Slot | undefined {
  const unit = count(row.unit) ?? count(row.scsiUnit);
  return controller === undefined || unit === undefined ? undefined : { controller: controller.key, unit };
}

/** `[datastore] folder/disk.vmdk`. */
function readStorage(file: string | undefined): StorageRef | undefined {
  const name = /^\[([^\]]+)\]/.exec(file ?? '')?.[1];
  return name === undefined ? undefined : { id: name, name };
}

/** vSphere VirtualDiskMode. `undoable` and `append` are of old products and stay unsaid. */
function readMode(row: Row<'vDisk'>): Disk['mode'] {
  const mode = text(row.mode)
    ?.toLowerCase()
    .replaceAll(/[\s_-]/g, '');
  if (mode === 'persistent') return 'persistent';
  if (mode === 'independentpersistent') return 'independent-persistent';
  return mode === 'independentnonpersistent' || mode === 'nonpersistent' ? 'independent-nonpersistent' : undefined;
}

function readProvisioning(row: Row<'vDisk'>): Disk['provisioning'] {
  const thin = flag(row.thin);
  if (thin === undefined || flag(row.raw) === true) return undefined;
  if (thin) return 'thin';
  return flag(row.eager) === true ? 'thick-eager' : 'thick-lazy';
}

function readPassthrough(row: Row<'vDisk'>): Disk['passthrough'] {
  if (flag(row.raw) !== true && text(row.rawLun) === undefined) return undefined;
  return /virtual/i.test(text(row.rawMode) ?? '') ? 'rdm-virtual' : 'rdm-physical';
}
