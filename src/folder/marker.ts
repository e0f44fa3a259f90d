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
      disks: z.array(z.object({ key: z.string(), claim: z.string(), capacity: z.number() })),
    }),
  ),
  /** Every file that was rendered, relative: a later plan may remove these and nothing else. */
  files: z.array(z.string()),
});

export type Marker = z.infer<typeof Marker>;

export const STATE_FOLDER = '.kubeferry';

/** What identifies a run over restarts: the same VMs under the same names with the same disks. */
export function identity(plans: readonly VmPlan[]): Marker['vms'] {
  return plans.map(({ vm, mapping }) => ({
    target: mapping.targetName,
    vm: vm.ref.id,
    disks: mapping.placements.map(({ disk, claim }) => ({
      key: disk,
      claim,
      capacity: vm.disks.find(({ key }) => key === disk)?.capacity ?? 0,
    })),
  }));
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
