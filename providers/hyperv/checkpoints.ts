/**
 * Freezing the disks of a VM by a recovery checkpoint, as backups do, and letting it go. One whose content was copied becomes a reference point
 * (`ConvertToReferencePoint`): from then on the host can say what changed since. It does not know that before.
 */
import type { Checkpoints, SnapshotControl, SnapshotRequest, SourceSnapshot } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmRef } from '../../src/model/vm.ts';
import { imageDigest, readSnapshotId, writeSnapshotId, writeTrackedState } from './checkpoint-id.ts';
import { diskKey } from './disk-key.ts';
import { isCheckpointFile, untrackable } from './disk-state.ts';
import type { ScriptAnswer, ScriptInput } from './scripts/contract.ts';
import type { HardDisk } from './scripts/vm-answer.ts';
import { explain, failedWith } from './trouble.ts';
import type { Whereabouts } from './whereabouts.ts';

type Input = Omit<ScriptInput<'checkpoint'>, 'vm'>;
type Answer = ScriptAnswer<'checkpoint'>;

export function snapshotControl(whereabouts: Whereabouts): SnapshotControl {
  const checkpoints = new RecoveryCheckpoints(whereabouts);
  return {
    create: (vm, request, signal) => checkpoints.create(vm, request, signal),
    find: (vm, name, signal) => checkpoints.find(vm, name, signal),
    remove: (vm, id, signal) => checkpoints.remove(vm, id, signal),
    settle: (vm, { id }, signal) => checkpoints.settle(vm, id, signal),
  };
}

class RecoveryCheckpoints {
  readonly #whereabouts: Whereabouts;

  constructor(whereabouts: Whereabouts) {
    this.#whereabouts = whereabouts;
  }

  async create(vm: VmRef, { name, quiesce }: SnapshotRequest, signal: AbortSignal): Promise<SourceSnapshot> {
    const what = `VM ${vm.name} cannot be frozen`;
    if (quiesce === 'no') {
      return describe(vm, name, await this.#run(vm, { action: 'create', name, consistency: 'crash' }, { what, signal }));
    }
    let because: string;
    try {
      const input = { vm: vm.id, action: 'create', name, consistency: 'application' } as const;
      return describe(vm, name, (await this.#whereabouts.run(vm, 'checkpoint', input, signal)).answer);
    } catch (error) {
      if (quiesce === 'required' || !failedWith(error, 'job-failed')) throw refused(error, vm, what);
      because = error.message;
    }
    const made = await this.create(vm, { name, quiesce: 'no' }, signal);
    return made.consistency === 'crash' ? { ...made, because } : made;
  }

  async find(vm: VmRef, name: string, signal: AbortSignal): Promise<SourceSnapshot | undefined> {
    const what = `The checkpoints of VM ${vm.name} cannot be told`;
    const answer = await this.#run(vm, { action: 'find', name }, { what, signal });
    return typeof answer.id === 'string' ? describe(vm, name, answer) : undefined;
  }

  async remove(vm: VmRef, id: string, signal: AbortSignal): Promise<void> {
    const { instance, name } = readSnapshotId(id);
    // None of ours.
    if (name === '') return;
    try {
      await this.#whereabouts.run(vm, 'checkpoint', { vm: vm.id, action: 'remove', name, id: instance }, signal);
    } catch (error) {
      if (!failedWith(error, 'checkpoint-not-found')) throw refused(error, vm, `VM ${vm.name} keeps a checkpoint`);
    }
  }

  async settle(vm: VmRef, id: string, signal: AbortSignal): Promise<Checkpoints | undefined> {
    const { instance, name } = readSnapshotId(id);
    if (name === '') return undefined;
    const what = `VM ${vm.name} keeps a checkpoint`;
    try {
      const drives = await this.#disks(vm, undefined, signal);
      // An earlier call may have settled it: then its images are the current ones again.
      const frozen = await this.#disks(vm, instance, signal).catch((error: unknown) => {
        if (failedWith(error, 'checkpoint-not-found')) return drives;
        throw error;
      });
      const input = { vm: vm.id, action: 'settle', name, id: instance } as const;
      const { referencePoint } = (await this.#whereabouts.run(vm, 'checkpoint', input, signal)).answer;
      if (!referencePoint) throw new MigrationError('source-answer-broken', `${what}: the host does not say what became of it`);
      const checkpoints = tracked(referencePoint, drives, frozen);
      // Nobody will ask what changed since, and nobody would let go of it later.
      if (Object.keys(checkpoints).length === 0) {
        await this.#whereabouts.run(vm, 'forget', { vm: vm.id, referencePoints: [referencePoint.id] }, signal);
      }
      return checkpoints;
    } catch (error) {
      if (failedWith(error, 'checkpoint-not-found')) return undefined;
      throw refused(error, vm, what);
    }
  }

  async #disks(vm: VmRef, checkpoint: string | undefined, signal: AbortSignal): Promise<readonly HardDisk[]> {
    const input = { vm: vm.id, ...(checkpoint !== undefined && { checkpoint }) };
    return (await this.#whereabouts.run(vm, 'disks', input, signal)).answer.disks;
  }

  async #run(
    vm: VmRef,
    input: Input,
    { what, signal }: { readonly what: string; readonly signal: AbortSignal },
  ): Promise<Answer> {
    try {
      return (await this.#whereabouts.run(vm, 'checkpoint', { vm: vm.id, ...input }, signal)).answer;
    } catch (error) {
      throw refused(error, vm, what);
    }
  }
}

function describe(vm: VmRef, name: string, { id, consistency }: Answer): SourceSnapshot {
  if (typeof id !== 'string')
    throw new MigrationError('source-answer-broken', `A checkpoint of ${vm.name} has no id`, { vm: vm.name });
  return {
    id: writeSnapshotId({ instance: id, name }),
    name,
    // Of one that is found nobody knows how it was made.
    consistency: consistency === 'application' ? 'filesystem' : 'crash',
    // The host tells them when it lets the checkpoint go.
    checkpoints: {},
  };
}

/** Disks that the host counts the changes of, by the drive that each is in. What is not sure is left out: it is compared as a whole. */
function tracked(
  { id, disks }: NonNullable<Answer['referencePoint']>,
  drives: readonly HardDisk[],
  frozen: readonly HardDisk[],
): Checkpoints {
  const checkpoints: Record<string, string> = {};
  for (const { drive, rct } of disks) {
    const plugged = drives.find((candidate) => candidate.id === drive);
    const key = plugged === undefined ? undefined : diskKey(plugged);
    const disk = frozen.find((candidate) => diskKey(candidate) === key);
    const [top] = disk?.chain ?? [];
    if (key === undefined || disk === undefined || top === undefined) continue;
    // Below a checkpoint of somebody's own, which may go at any time and take the count with it.
    if (untrackable(disk) !== undefined || isCheckpointFile(top)) continue;
    checkpoints[key] = writeTrackedState({ referencePoint: id, rct, image: imageDigest(top.path) });
  }
  return checkpoints;
}

function refused(error: unknown, { name: vm }: VmRef, what: string): unknown {
  return explain(error, { what, vm, codes: { 'job-failed': 'snapshot-failed', failed: 'snapshot-failed' } });
}
