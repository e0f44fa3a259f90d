/** `.kubeferry/run.json`: what this folder holds, so that a later run knows whether it may go on here. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { MigrationError } from '../model/errors.ts';
import type { VmPlan } from '../model/plan.ts';
import { isCode, readIfThere, writeDurably } from './durable-file.ts';

const Marker = z.object({
  /** `plan`: rendered manifests only. `migration`: disks may be here. */
  kind: z.enum(['plan', 'migration']),
  vms: z.array(
    z.object({
      target: z.string(),
      vm: z.string(),
      /** As the source calls it. */
      name: z.string().exactOptional(),
      group: z.string().exactOptional(),
      disks: z.array(z.object({ key: z.string(), claim: z.string(), capacity: z.number() })),
    }),
  ),
  /** Every file that was rendered, relative: a later plan may remove these and nothing else. */
  files: z.array(z.string()),
});

export type Marker = z.infer<typeof Marker>;

export const STATE_FOLDER = '.kubeferry';

/** What is kept of the VMs of a run over restarts. */
export function entriesOf(plans: readonly VmPlan[]): Marker['vms'] {
  return plans.map(({ vm, mapping, group }) => ({
    target: mapping.targetName,
    vm: vm.ref.id,
    name: vm.name,
    ...(group !== undefined && { group }),
    disks: mapping.placements.map(({ disk, claim }) => ({
      key: disk,
      claim,
      capacity: vm.disks.find(({ key }) => key === disk)?.capacity ?? 0,
    })),
  }));
}

/**
 * Whether these are the VMs of an earlier run: the same ones under the same names with the same disks. Disks of warm ones may come, go and grow
 * meanwhile.
 */
export function isSameRun(marker: Pick<Marker, 'vms'>, plans: readonly VmPlan[]): boolean {
  const warm = new Set(plans.filter(({ type }) => type === 'warm').map(({ vm }) => vm.ref.id));
  const essence = (vms: Marker['vms']): string =>
    JSON.stringify(vms.map(({ target, vm, disks }) => [target, vm, warm.has(vm) ? [] : disks]));
  return essence(marker.vms) === essence(entriesOf(plans));
}

/** Names in a marker come from a file that somebody may have edited: they may not lead out of the folder. @throws MigrationError `state-unreadable` */
export function plainName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name)) return name;
  throw new MigrationError('state-unreadable', `${JSON.stringify(name)} is no name that kubeferry gives.`);
}

/** @throws MigrationError `state-unreadable` */
export async function readMarker(folder: string): Promise<Marker | undefined> {
  const file = markerFile(folder);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return Marker.parse(JSON.parse(text));
  } catch (error) {
    throw new MigrationError('state-unreadable', `${file} is not what kubeferry writes.`, { file, cause: error });
  }
}

export async function writeMarker(folder: string, marker: Marker): Promise<void> {
  await writeDurably(markerFile(folder), `${JSON.stringify(marker, null, 2)}\n`);
}

/** True when the folder is missing or empty. A missing one is not made. */
export async function isVacant(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return true;
    if (isCode(error, 'ENOTDIR'))
      throw new MigrationError('target-occupied', `${folder} is a file, not a folder.`, { file: folder });
    throw new MigrationError('target-write-failed', `Cannot look into ${folder}.`, { file: folder, cause: error });
  }
}

function markerFile(folder: string): string {
  return path.join(folder, STATE_FOLDER, 'run.json');
}
