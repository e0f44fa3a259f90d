/** Phase → step, complete by type. */
import type { WorkPhase } from '../model/phase.ts';
import { copyDisks } from './copy-disks.ts';
import { createVm } from './create-vm.ts';
import { powerOffSource } from './power-off-source.ts';
import type { Step } from './step.ts';

function notNeeded(because: string): Step {
  return () => Promise.resolve({ kind: 'skipped', because });
}

function nothingToDo(): ReturnType<Step> {
  return Promise.resolve({ kind: 'done' });
}

export const STEPS: Readonly<Record<WorkPhase, Step>> = {
  Pending: nothingToDo,
  PowerOffSource: powerOffSource,
  CopyDisks: copyDisks,
  Convert: notNeeded('Guest conversion is not part of this version: drivers inside the guest stay as they are.'),
  CreateVm: createVm,
  Prove: notNeeded('Boot proof is not part of this version; the bytes were proven when they were copied.'),
};
