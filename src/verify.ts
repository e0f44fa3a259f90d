/**
 * Looks at finished disks again: does each still hold what was sealed when it was moved? Nothing but the target is read, so the source may
 * be gone. What cannot be read is a verdict like the others, so that one bad file does not hide the rest.
 */
import type { Clock } from './contracts/clock.ts';
import type { JobQueue } from './contracts/job-queue.ts';
import type { ClaimedDisk, ClaimLooks, DiskHasher, KeptDisk, KeptDisks } from './contracts/verification.ts';
import { MigrationError } from './model/errors.ts';
import type { DiskProof, TransferProgress } from './model/transfer.ts';
import type { DiskVerdict, Verification } from './model/verification.ts';

export interface VerifyContext {
  /** A worker that looks at one claim gives a list of one: what is mounted where, and what `DiskHasher.look` says of it. */
  readonly kept: KeptDisks;
  readonly hasher: DiskHasher;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A disk is about to be read. */
  readonly starts: (disk: KeptDisk) => void;
  readonly moves: (progress: TransferProgress) => void;
  readonly ends: (disk: KeptDisk, verdict: DiskVerdict) => void;
}

/**
 * Checks the disks of the named VMs, of all when none is named, one after the other: each is read by all processors.
 * @throws MigrationError `source-not-found`, `state-unreadable`, `vm-not-found`, `canceled`
 */
export async function verifyAll(vms: readonly string[], context: VerifyContext): Promise<Verification> {
  const { kept, clock, signal } = context;
  const checkedAt = new Date(clock.now()).toISOString();
  const disks = await kept.list();
  const unknown = vms.filter((name) => !disks.some(({ vm }) => vm === name));
  if (unknown.length > 0) {
    const held = [...new Set(disks.map(({ vm }) => vm))];
    throw new MigrationError('vm-not-found', `${kept.name} holds no disk of ${unknown.join(', ')}.`, {
      hint: `It holds disks of: ${held.slice(0, 20).join(', ')}${held.length > 20 ? ', …' : ''}.`,
    });
  }
  const verdicts: DiskVerdict[] = [];
  for (const disk of disks.filter(({ vm }) => vms.length === 0 || vms.includes(vm))) {
    if (signal.aborted) throw new MigrationError('canceled', 'The verification was canceled.', { hint: 'Run it again.' });
    verdicts.push(await verifyDisk(disk, context));
  }
  return { schema: 'kubeferry.dev/verification/v1', place: kept.name, checkedAt, disks: verdicts };
}

/**
 * One disk, wherever it is: a file, a device, a mounted claim.
 * @throws MigrationError `canceled`
 */
async function verifyDisk(disk: KeptDisk, context: VerifyContext): Promise<DiskVerdict> {
  const { vm, disk: key, path: file, size, result } = disk;
  const about = { vm, disk: key, file };
  if (size === undefined) return { ...about, outcome: 'missing', finding: 'Nothing is there.' };
  const sealed = result?.proof;
  if (result === undefined || sealed === undefined) {
    const why = result === undefined ? 'The transfer of this disk did not end.' : 'It was moved with --no-verify.';
    return { ...about, outcome: 'unproven', finding: why };
  }
  if (sealed.blockSize !== context.hasher.blockSize) {
    const finding = `It was sealed by another version, with hashes over ${sealed.blockSize} bytes: this one cannot compare them.`;
    return { ...about, outcome: 'unproven', finding, sealed };
  }
  // A device is as large as its storage made it; what lies behind the disk was never sealed.
  if (disk.device === true ? size < sealed.size : size !== sealed.size) {
    const finding = `${disk.device === true ? 'The device' : 'The file'} has ${size} bytes; ${sealed.size} were sealed.`;
    return { ...about, outcome: 'differs', finding, sealed };
  }
  context.starts(disk);
  const verdict = await read(disk, { about, sealed }, context);
  context.ends(disk, verdict);
  return verdict;
}

async function read(
  disk: KeptDisk,
  { about, sealed }: { readonly about: Pick<DiskVerdict, 'vm' | 'disk' | 'file'>; readonly sealed: DiskProof },
  { hasher, clock, signal, moves }: VerifyContext,
): Promise<DiskVerdict> {
  const before = clock.now();
  try {
    const root = await hasher.rootOf({ ...disk, size: sealed.size }, { signal, onProgress: moves });
    const seconds = (clock.now() - before) / 1000;
    return root === sealed.root
      ? { ...about, outcome: 'ok', finding: 'Every byte is as it was sealed.', sealed, root, seconds }
      : { ...about, outcome: 'differs', finding: 'The content is not what was sealed.', sealed, root, seconds };
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === 'canceled') throw error;
    return { ...about, outcome: 'unreadable', finding: error.message, sealed };
  }
}

export interface VerifyClaimsContext {
  /** Where the claims are, for people. */
  readonly place: string;
  readonly looks: ClaimLooks;
  /** Says how many claims are read at once. */
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A claim is about to be read. */
  readonly starts: (disk: ClaimedDisk) => void;
  readonly moves: (progress: TransferProgress) => void;
  /** Why a claim is not read yet; undefined when nothing is in the way any more. */
  readonly waits: (disk: ClaimedDisk, because: string | undefined) => void;
  readonly ends: (disk: ClaimedDisk, verdict: DiskVerdict) => void;
}

/**
 * Checks disks on claims of a cluster, each by a worker beside it. A claim that is in use, or cannot be read, is a verdict; a cluster that does not
 * let us look at all is thrown, after the others were called off.
 * @throws MigrationError of the cluster; the reason of the signal
 */
export async function verifyClaims(disks: readonly ClaimedDisk[], context: VerifyClaimsContext): Promise<Verification> {
  const { place, queue, clock, signal } = context;
  const checkedAt = new Date(clock.now()).toISOString();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let failure: unknown;
  const looked = disks.map(async (disk) => {
    try {
      return [
        await queue.submit(`${disk.namespace}/${disk.claim}`, () => verifyClaim(disk, { ...context, signal: either }), either),
      ];
    } catch (error) {
      failure ??= error;
      stop.abort();
      return [];
    }
  });
  const verdicts = (await Promise.all(looked)).flat();
  if (failure !== undefined) throw failure;
  return { schema: 'kubeferry.dev/verification/v1', place, checkedAt, disks: verdicts };
}

async function verifyClaim(disk: ClaimedDisk, context: VerifyClaimsContext): Promise<DiskVerdict> {
  const { vm, disk: key, claim, result } = disk;
  const about = { vm, disk: key, file: `pvc/${claim}` };
  const sealed = result?.proof;
  if (sealed === undefined) {
    const finding = result === undefined ? 'The transfer of this disk did not end.' : 'Nothing was sealed when it was moved.';
    return { ...about, outcome: 'unproven', finding };
  }
  const { looks, signal, moves, waits } = context;
  context.starts(disk);
  let verdict: DiskVerdict;
  try {
    verdict = await looks.look(disk, { signal, onProgress: moves, onWait: (because) => waits(disk, because) });
  } catch (error) {
    if (signal.aborted || !(error instanceof MigrationError) || error.code.startsWith('cluster-')) throw error;
    verdict = { ...about, outcome: 'unreadable', finding: `${error.message} ${error.hint}`, sealed };
  }
  context.ends(disk, verdict);
  return verdict;
}
