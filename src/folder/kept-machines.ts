/** `.kubeferry/machines/<target name>.json`: how each VM is to be, for tests of its target before its manifests are written. */
import path from 'node:path';
import { MigrationError } from '../model/errors.ts';
import type { VirtualMachine } from '../model/manifest.ts';
import type { VmPlan } from '../model/plan.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { STATE_FOLDER } from './marker.ts';

/** @throws MigrationError `target-full`, `target-write-failed` */
export async function keepMachine(folder: string, { mapping }: VmPlan): Promise<void> {
  const machine = mapping.manifests.find(({ kind }) => kind === 'VirtualMachine');
  if (machine === undefined) return;
  const file = fileOf(folder, mapping.targetName);
  const text = `${JSON.stringify(machine)}\n`;
  if ((await readIfThere(file)) !== text) await writeDurably(file, text);
}

/** @throws MigrationError `state-unreadable` */
export async function keptMachine(folder: string, target: string): Promise<VirtualMachine> {
  const file = fileOf(folder, target);
  try {
    const machine = JSON.parse((await readIfThere(file)) ?? '');
    if (machine.kind === 'VirtualMachine') return machine;
  } catch {
    // Told below.
  }
  throw new MigrationError('state-unreadable', `${file} does not say how the VM is to be.`, { file });
}

function fileOf(folder: string, target: string): string {
  return path.join(folder, STATE_FOLDER, 'machines', `${target}.json`);
}
