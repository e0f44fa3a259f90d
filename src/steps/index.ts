/** Phase → step, complete by type. */
import type { WorkPhase } from '../model/phase.ts';
import { awaitCommit, rollBack } from './await-commit.ts';
import { awaitCutover, awaitGroup } from './await-group.ts';
import { awaitPrecopy } from './await-precopy.ts';
import { convert } from './convert.ts';
import { copyDisks, copyFinalDelta } from './copy-disks.ts';
import { createVm } from './create-vm.ts';
import { enableTracking } from './enable-tracking.ts';
import { inspectTarget } from './inspect-target.ts';
import { pending } from './pending.ts';
import { powerOffSource } from './power-off-source.ts';
import { prove } from './prove.ts';
import { retireSource } from './retire-source.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Step } from './step.ts';

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
  Convert: convert,
  AwaitGroup: awaitGroup,
  CreateVm: createVm,
  Prove: prove,
  AwaitCommit: awaitCommit,
  RetireSource: retireSource,
  RollBack: rollBack,
  InspectTarget: inspectTarget,
};
