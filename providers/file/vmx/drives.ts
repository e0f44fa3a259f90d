/** Disks and CD-ROM drives of a VMX with the controllers they sit on. Pure. */

import { defined } from '../../../src/model/defined.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { ControllerKind, DiskController } from '../../../src/model/vm.ts';
import type { VmxValues } from './values.ts';

/** One device on a storage bus. */
export interface Drive {
  /** `scsi0:1`. */
  readonly key: string;
  readonly controller: string;
  readonly unit: number;
  readonly kind: 'disk' | 'cdrom' | 'passthrough';
  /** As written; absent for an empty drive. */
  readonly file?: string;
}

/** Buses in the order in which disks are numbered. */
const BUSES = ['scsi', 'sata', 'nvme', 'ide'] as const;

const SCSI_KINDS = { pvscsi: 'pvscsi', lsilogic: 'lsilogic', lsisas1068: 'lsisas', buslogic: 'buslogic' } as const;
const SHARING = { none: 'none', virtual: 'virtual', physical: 'physical' } as const;

/** What stands for an empty drive, or for whatever the host has. */
const NO_MEDIA = /^(auto ?detect|emptyBackingString|none|)$/i;

/**
 * Present drives in a stable order: by bus, controller and unit.
 * @throws MigrationError `vmx-malformed` for a disk that names no file
 */
export function listDrives(values: VmxValues, file: string): readonly Drive[] {
  const slots = new Set(values.keys().flatMap((key) => /^((?:scsi|sata|nvme|ide)\d{1,3}:\d{1,3})\./.exec(key)?.[1] ?? []));
  return [...slots].flatMap((key) => readDrive(values, key, file) ?? []).toSorted(compareDrives);
}

function readDrive(values: VmxValues, key: string, file: string): Drive | undefined {
  const written = values.text(`${key}.filename`);
  // A slot that only names a file is one that an early product wrote: present unless it says otherwise.
  if (!(values.flag(`${key}.present`) ?? written !== undefined)) return undefined;
  const [controller = '', unit = ''] = key.split(':');
  const kind = driveKind(values.text(`${key}.devicetype`), written);
  const media = written === undefined || (kind !== 'disk' && NO_MEDIA.test(written)) ? undefined : written;
  if (kind === 'disk' && media === undefined) {
    throw new MigrationError('vmx-malformed', `${file}: the disk ${key} names no file`, { file, at: `${key}.fileName` });
  }
  return defined({ key, controller, unit: Number(unit), kind, file: media });
}

/** Device types of Workstation and ESXi; a drive without one is a disk unless its file is none. */
function driveKind(type: string | undefined, file: string | undefined): Drive['kind'] {
  if (type !== undefined && /cd-?rom/i.test(type)) return 'cdrom';
  if (type !== undefined && /^scsi-passthru$/i.test(type)) return 'passthrough';
  if (type === undefined && file !== undefined && (/\.iso$/i.test(file) || NO_MEDIA.test(file))) return 'cdrom';
  return 'disk';
}

function compareDrives(a: Drive, b: Drive): number {
  return rank(a.controller) - rank(b.controller) || a.unit - b.unit;
}

function rank(controller: string): number {
  const bus = BUSES.findIndex((name) => controller.startsWith(name));
  return bus * 1000 + Number(/\d+$/.exec(controller)?.[0] ?? 0);
}

/** Controllers that are present or carry a drive. */
export function listControllers(values: VmxValues, drives: readonly Drive[]): readonly DiskController[] {
  const used = new Set(drives.map(({ controller }) => controller));
  const keys = BUSES.flatMap((bus) => values.indices(bus).map((index) => `${bus}${index}`));
  return keys
    .filter((key) => values.flag(`${key}.present`) === true || used.has(key))
    .map((key) => defined({ key, kind: controllerKind(key, values), sharing: sharingOf(key, values) }));
}

function controllerKind(key: string, values: VmxValues): ControllerKind {
  if (key.startsWith('ide')) return 'ide';
  if (key.startsWith('sata')) return 'sata';
  if (key.startsWith('nvme')) return 'nvme';
  return values.word(`${key}.virtualdev`, SCSI_KINDS) ?? 'scsi';
}

export function sharingOf(controller: string, values: VmxValues): DiskController['sharing'] {
  return values.word(`${controller}.sharedbus`, SHARING);
}
