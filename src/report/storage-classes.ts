/** What the storage classes of a run can do, as rows of a table. */
import type { Report } from '../model/report.ts';
import type { StorageClassReport } from '../model/storage-class-report.ts';
import { formatBytes } from '../model/units.ts';

export const STORAGE_CLASS_HEAD = ['Class', 'Claims', 'Size', 'Live migration', 'Snapshots', 'Expansion', 'Clone'] as const;

/** The four abilities with their words. */
const ABILITIES = [
  ['liveMigration', 'Live migration'],
  ['snapshots', 'Snapshots'],
  ['expansion', 'Expansion'],
  ['clone', 'Clone'],
] as const satisfies readonly (readonly [keyof StorageClassReport, string])[];

/** Cells in the order of the head; why is in `storageClassReasons`. */
export function storageClassRows({ storageClasses = [] }: Report): readonly (readonly string[])[] {
  return storageClasses.map((entry) => [
    className(entry),
    String(entry.claims),
    formatBytes(entry.bytes),
    ...ABILITIES.map(([key]) => entry[key].ability),
  ]);
}

/** `Snapshots: yes. The driver has a VolumeSnapshotClass.` for each ability of each class. */
export function storageClassReasons({
  storageClasses = [],
}: Report): readonly { readonly name: string; readonly reasons: readonly string[] }[] {
  return storageClasses.map((entry) => ({
    name: className(entry),
    reasons: ABILITIES.map(([key, word]) => `${word}: ${entry[key].ability}. ${entry[key].because}`),
  }));
}

function className({ name }: StorageClassReport): string {
  return name ?? 'the cluster’s default class';
}
