/**
 * Resilient change tracking. Nothing is switched on: a host begins to count for a disk with its first reference point. Asked is what changed since the
 * RCT id of a reference point, of the image that a checkpoint froze, or of the disk of a VM that is off.
 */
import type { ChangeRequest, ChangeTracking, TrackingState } from '../../src/contracts/change-tracking.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Extent } from '../../src/model/transfer.ts';
import type { VmRef } from '../../src/model/vm.ts';
import { imageDigest, readTrackedState } from './checkpoint-id.ts';
import { diskKey } from './disk-key.ts';
import { untrackable } from './disk-state.ts';
import { findDisk } from './open-disk.ts';
import type { ScriptAnswer, ScriptInput } from './scripts/contract.ts';
import type { Vm } from './scripts/vm-answer.ts';
import { explain } from './trouble.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Configuration version that brought it (Windows Server 2016, Windows 10). */
const FIRST_VERSION = 6.2;

export function changeTracking(whereabouts: Whereabouts): ChangeTracking {
  return {
    enable: (vm, signal) => enable(whereabouts, vm, signal),
    changed: (request, signal) => changed(whereabouts, request, signal),
    forget: (vm, checkpoints, signal) => forget(whereabouts, { vm, checkpoints }, signal),
    byHand,
  };
}

async function enable(whereabouts: Whereabouts, ref: VmRef, signal: AbortSignal): Promise<TrackingState> {
  const vm = await look(whereabouts, ref, signal);
  const old = tooOld(vm);
  if (old !== undefined) throw unavailable(ref, old, 'Update-VMVersion raises it while the VM is off.');
  return trackingOf(vm);
}

/** Why no change of the VM can be counted; undefined when they can. */
export function tooOld({ version }: Vm): string | undefined {
  const isOld = Number.parseFloat(version ?? '') < FIRST_VERSION;
  return isOld ? `its configuration version ${version} is older than ${FIRST_VERSION}` : undefined;
}

/** Which disks can be tracked, of a VM that is not too old. */
export function trackingOf(vm: Vm): TrackingState {
  const beneath = checkpointsOf(vm);
  const untracked = vm.disks.flatMap((disk) => {
    const because = untrackable(disk) ?? beneath;
    return because === undefined ? [] : [{ disk: diskKey(disk), because }];
  });
  const left = new Set(untracked.map(({ disk }) => disk));
  return { tracked: vm.disks.map(diskKey).filter((key) => !left.has(key)), untracked };
}

async function look(whereabouts: Whereabouts, ref: VmRef, signal: AbortSignal): Promise<Vm> {
  try {
    return (await whereabouts.vm(ref, signal)).answer;
  } catch (error) {
    throw explain(error, { what: `VM ${ref.name} cannot be looked at`, vm: ref.name });
  }
}

/**
 * Checkpoints that people made: the guest writes to the last of a chain of images. A host counts for each image by itself, so that what it would
 * answer across one that is made, removed or applied meanwhile is not known; such disks are compared as a whole instead.
 */
function checkpointsOf({ checkpoints }: Vm): string | undefined {
  const made = checkpoints.filter(({ type }) => type !== 'Recovery' && type !== 'Planned');
  if (made.length === 0) return undefined;
  return `the VM has ${made.length === 1 ? 'a checkpoint' : `${made.length} checkpoints`}; changes are counted once they are removed`;
}

async function* changed(whereabouts: Whereabouts, request: ChangeRequest, signal: AbortSignal): AsyncGenerator<Extent> {
  const { vm, disk, snapshot, since } = request;
  if (since === 'allocated') throw unavailable(vm, 'the image itself says what is allocated');
  const state = readTrackedState(since.checkpoint);
  if (state === undefined) throw reset(request, 'the count was kept by something else');
  const { found } = await findDisk({ vm, disk, ...(snapshot !== undefined && { snapshot }) }, whereabouts, signal);
  const [top] = found.chain;
  if (top === undefined || imageDigest(top.path) !== state.image)
    throw reset(request, 'a checkpoint was made, removed or applied since, or the disk was moved');
  const capacity = Number(top.size ?? Number.NaN);
  if (!Number.isSafeInteger(capacity)) throw reset(request, 'the host does not say how large the disk is');
  // A run that touches the one before is joined to it.
  let open: Extent | undefined;
  for await (const { offset, length } of ranges(whereabouts, { request, path: top.path, rct: state.rct, capacity }, signal)) {
    const end = open === undefined ? 0 : open.offset + open.length;
    if (offset < end) throw outOfOrder(request, `byte ${offset} comes after byte ${end}`);
    if (open !== undefined && offset === end) open = { offset: open.offset, length: open.length + length };
    else {
      if (open !== undefined) yield open;
      open = { offset, length };
    }
  }
  if (open !== undefined) yield open;
}

interface Question {
  readonly request: ChangeRequest;
  /** Of the image, as the host names it. */
  readonly path: string;
  readonly rct: string;
  readonly capacity: number;
}

/** What the host lists, question after question: each answer says how far it got. */
async function* ranges(
  whereabouts: Whereabouts,
  { request, path, rct, capacity }: Question,
  signal: AbortSignal,
): AsyncGenerator<Extent> {
  const { vm } = request;
  for (let from = 0; from < capacity; ) {
    const input = { vm: vm.id, path, since: rct, offset: String(from), length: String(capacity - from) };
    const { processed, ranges: listed } = await ask(whereabouts, request, input, signal);
    const until = from + Number(processed);
    if (until <= from || until > capacity) throw outOfOrder(request, `it goes on from byte ${from} to byte ${until}`);
    for (const [start, size] of listed) {
      const offset = Number(start);
      // Ranges are whole blocks of the count; the last one may reach over the end of what was asked for.
      const length = Math.min(Number(size), until - offset);
      if (offset < from || length < 0) throw outOfOrder(request, `byte ${offset} is not between ${from} and ${until}`);
      if (length > 0) yield { offset, length };
    }
    from = until;
  }
}

async function ask(
  whereabouts: Whereabouts,
  { vm, disk }: ChangeRequest,
  input: ScriptInput<'changes'>,
  signal: AbortSignal,
): Promise<ScriptAnswer<'changes'>> {
  try {
    return (await whereabouts.run(vm, 'changes', input, signal)).answer;
  } catch (error) {
    // A host that counts and cannot tell is as good as one that lost count: the copy compares, and stays correct.
    const codes = { 'tracking-unavailable': 'change-tracking-reset' } as const;
    throw explain(error, { what: `The changes of disk ${disk} of VM ${vm.name} cannot be told`, vm: vm.name, disk, codes });
  }
}

async function forget(
  whereabouts: Whereabouts,
  { vm, checkpoints }: { readonly vm: VmRef; readonly checkpoints: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const referencePoints = referencePointsOf(checkpoints);
  if (referencePoints.length === 0) return;
  try {
    await whereabouts.run(vm, 'forget', { vm: vm.id, referencePoints: [...referencePoints] }, signal);
  } catch (error) {
    // They went with the VM.
    if (error instanceof MigrationError && error.code === 'vm-not-found') return;
    throw explain(error, { what: `VM ${vm.name} keeps reference points`, vm: vm.name });
  }
}

/** All disks of one instant are kept by one reference point. */
function referencePointsOf(checkpoints: readonly string[]): readonly string[] {
  return [...new Set(checkpoints.flatMap((text) => readTrackedState(text)?.referencePoint ?? []))];
}

/** The same calls that the script `forget` makes. */
function byHand({ name }: VmRef, checkpoints: readonly string[]): string {
  const ids = referencePointsOf(checkpoints).map((id) => `'${id.replaceAll("'", "''")}'`);
  if (ids.length === 0) return '';
  const what = ids.length === 1 ? 'a reference point' : `${ids.length} reference points`;
  const script = [
    "$n = 'root/virtualization/v2'",
    '$s = Get-CimInstance -Namespace $n Msvm_VirtualSystemReferencePointService',
    `Get-CimInstance -Namespace $n Msvm_VirtualSystemReferencePoint | ? InstanceID -in ${ids.join(', ')} | % { Invoke-CimMethod $s DestroyReferencePoint @{ AffectedReferencePoint = $_ } }`,
  ].join('; ');
  return `Its Hyper-V host still keeps ${what} of ${name}, and could not be told to let go. Remove them there in PowerShell, as an administrator: ${script}`;
}

function unavailable({ name }: VmRef, why: string, hint?: string): MigrationError {
  return new MigrationError('change-tracking-unavailable', `Changes of VM ${name} cannot be counted: ${why}.`, {
    vm: name,
    ...(hint !== undefined && { hint }),
  });
}

function reset({ vm, disk }: ChangeRequest, why: string): MigrationError {
  const what = `The changes of disk ${disk} of VM ${vm.name} are not known: ${why}.`;
  return new MigrationError('change-tracking-reset', what, { vm: vm.name, disk });
}

function outOfOrder({ vm, disk }: ChangeRequest, how: string): MigrationError {
  const what = `The host lists the changes of disk ${disk} of VM ${vm.name} out of order: ${how}.`;
  return new MigrationError('source-answer-broken', what, { vm: vm.name, disk });
}
