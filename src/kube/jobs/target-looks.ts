/** Looks at the claims of a VM that was taken back: whether they still hold what was proven before it ran. */
import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { SinceCutover } from '../../model/since-cutover.ts';
import type { TransferResult } from '../../model/transfer.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import { textAt } from '../facts/json.ts';
import { type WorkerJobs, workerName } from './worker-jobs.ts';

export interface TargetLooksOptions {
  readonly jobs: WorkerJobs;
  readonly owner: ResourceName;
  /** Where the claims are. */
  readonly namespace: string;
}

export interface TargetDisk {
  readonly disk: string;
  readonly claim: string;
  readonly block: boolean;
}

/** Milliseconds until a worker has to begin to read. */
const SIGN_OF_LIFE_MS = 180_000;

const CONTENTS: Readonly<Record<string, SinceCutover['content']>> = { ok: 'unchanged', differs: 'written' };

/** All disks side by side. @throws the reason of the signal */
export async function lookAtTargets(
  plan: VmPlan,
  { transfers, since }: Pick<VmProgress, 'transfers' | 'since'>,
  { disks, ...options }: TargetLooksOptions & { readonly disks: readonly TargetDisk[] },
  signal: AbortSignal,
): Promise<readonly SinceCutover[]> {
  return await Promise.all(
    disks.map(async (target): Promise<SinceCutover> => {
      const result = transfers.find(({ job }) => job === `${plan.mapping.targetName}/${target.disk}`);
      if (result?.proof === undefined) return { disk: target.disk, content: 'unknown' };
      try {
        return { disk: target.disk, content: await look(target, { plan, result, since }, options, signal) };
      } catch (error) {
        if (signal.aborted || !(error instanceof MigrationError)) throw error;
        return { disk: target.disk, content: 'unknown' };
      }
    }),
  );
}

interface Sealed {
  readonly plan: VmPlan;
  readonly result: TransferResult;
  /** When the rollback came to this: each has workers of its own. */
  readonly since: string;
}

async function look(
  { disk, claim, block }: TargetDisk,
  { plan, result, since }: Sealed,
  { jobs, owner, namespace }: TargetLooksOptions,
  signal: AbortSignal,
): Promise<SinceCutover['content']> {
  const ref = { namespace, name: workerName(owner, `look ${disk} ${since}`) };
  const path = block ? WORKER_PATHS.device : `${WORKER_PATHS.disk}/disk.img`;
  const order = { kind: 'verify', disk: { id: result.job, vm: plan.mapping.targetName, disk, path, result } } as const;
  if ((await jobs.look(ref, signal)).kind === 'none') await jobs.start({ ...ref, owner, kept: { claim, block }, order }, signal);
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), SIGN_OF_LIFE_MS);
  const listener = { onLine: () => clearTimeout(timer), onObstacle: () => undefined };
  try {
    const verdict = await jobs.wait(ref, listener, AbortSignal.any([signal, silent.signal]));
    return CONTENTS[textAt(verdict, 'outcome') ?? ''] ?? 'unknown';
  } catch (error) {
    if (!silent.signal.aborted || signal.aborted) throw error;
    // Its image cannot be had, or no node takes it: the rollback is not held up by that.
    await jobs.remove(ref);
    return 'unknown';
  } finally {
    clearTimeout(timer);
  }
}
