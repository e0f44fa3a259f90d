import type { Destination } from '../contracts/destination.ts';
import type { Connection } from '../contracts/provider.ts';
import { ownPlacements } from '../model/own-placements.ts';
import type { VmPlan } from '../model/plan.ts';
import type { PlannedTransfer, TransferJob } from '../model/transfer.ts';

interface JobContext {
  readonly connection: Connection;
  readonly destination: Destination;
  readonly verify: boolean;
  readonly recheckSource?: boolean;
  readonly proveAll?: boolean;
  readonly signal: AbortSignal;
}

/** Which state of the disks is read, and how much of it. */
export interface JobRequest {
  /** `SourceSnapshot.id`; absent: the VM is at rest. */
  readonly snapshot?: string;
  /** Only what changed since these states, by disk key; disks without one are compared as a whole. Absent: everything is read. */
  readonly since?: Readonly<Record<string, string>>;
  /** Further passes follow. */
  readonly staysOpen?: boolean;
}

/**
 * What has to be moved for a VM: one job a disk that the mapping gave a claim. Reads headers only.
 * @throws MigrationError of Connection.openDisk
 */
export async function transferJobs(plan: VmPlan, context: JobContext, request: JobRequest = {}): Promise<readonly TransferJob[]> {
  const { snapshot, since, staysOpen = false } = request;
  const jobs: TransferJob[] = [];
  for (const { disk } of ownPlacements(plan)) {
    const source = await context.connection.openDisk(plan.vm.ref, disk, context.signal, snapshot);
    const checkpoint = since?.[disk];
    jobs.push({
      ...jobOf(plan, disk, context),
      source,
      ...(snapshot !== undefined && { snapshot }),
      ...(since !== undefined && { delta: checkpoint === undefined ? {} : { since: checkpoint } }),
      ...(staysOpen && { staysOpen }),
      ...(context.proveAll === true && since !== undefined && !staysOpen && { proveAll: true }),
    });
  }
  return jobs;
}

/**
 * The same beforehand. Disks of a VM that may be running, or frozen in a snapshot, cannot be opened; the inventory knows how large they are.
 * @throws MigrationError of Connection.openDisk
 */
export async function plannedTransfers(plan: VmPlan, context: JobContext): Promise<readonly PlannedTransfer[]> {
  const isAtRest = context.connection.power === undefined || (plan.type === 'cold' && plan.vm.power === 'off');
  if (isAtRest) return await transferJobs(plan, context);
  return ownPlacements(plan).map(({ disk }) => {
    const capacity = plan.vm.disks.find(({ key }) => key === disk)?.capacity ?? 0;
    return { ...jobOf(plan, disk, context), source: { kind: 'unopened', capacity } };
  });
}

/** Where the disks of a VM go. */
export function targetsOf(plan: VmPlan, destination: Destination): readonly Pick<TransferJob, 'disk' | 'target'>[] {
  return ownPlacements(plan).map(({ disk }) => ({ disk, target: destination.diskTarget(plan, disk) }));
}

/** Of the job that moves a disk, whatever pass it is. */
export function transferId({ mapping }: VmPlan, disk: string): string {
  return `${mapping.targetName}/${disk}`;
}

/** Its disks are changed where they are, once they are copied. */
export function isConverted({ conversion }: VmPlan): boolean {
  return conversion?.policy === 'convert';
}

function jobOf(plan: VmPlan, disk: string, context: JobContext): Omit<TransferJob, 'source'> {
  const { destination, verify, recheckSource = false } = context;
  return {
    id: transferId(plan, disk),
    vm: plan.vm.name,
    disk,
    target: destination.diskTarget(plan, disk),
    verify,
    ...(recheckSource && { recheckSource }),
    ...(verify && isConverted(plan) && { keepsHashes: true }),
  };
}
