/** Phase → step, complete by type. */
import type { WorkPhase } from '../model/phase.ts';
import { awaitCommit, rollBack } from './await-commit.ts';
import { awaitCutover, awaitGroup } from './await-group.ts';
import { awaitPrecopy } from './await-precopy.ts';
import { copyDisks, copyFinalDelta } from './copy-disks.ts';
import { createVm } from './create-vm.ts';
import { enableTracking } from './enable-tracking.ts';
import { inspectTarget } from './inspect-target.ts';
import { pending } from './pending.ts';
import { powerOffSource } from './power-off-source.ts';
import { retireSource } from './retire-source.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Step } from './step.ts';

function notNeeded(because: string): Step {
  return () => Promise.resolve({ kind: 'skipped', because });
}

export const STEPS: Readonly<Record<WorkPhase, Step>> = {
  Pending: pending,
  EnableTracking: enableTracking,
  Snapshot: takeSnapshot,
  CopyDisks: copyDisks,
  CopyDelta: copyDisks,
  AwaitPrecopy: awaitPrecopy,
  AwaitCutover: awaitCutover,
  PowerOffSource: powerOffSource,
  CopyFinalDelta: copyFinalDelta,
  Convert: notNeeded('Guest conversion is not part of this version: drivers inside the guest stay as they are.'),
  AwaitGroup: awaitGroup,
  CreateVm: createVm,
  Prove: notNeeded('Boot proof is not part of this version; the bytes were proven when they were copied.'),
  AwaitCommit: awaitCommit,
  RetireSource: retireSource,
  RollBack: rollBack,
  InspectTarget: inspectTarget,
};
