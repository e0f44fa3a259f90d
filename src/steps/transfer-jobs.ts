import type { Destination } from '../contracts/destination.ts';
import type { Connection } from '../contracts/provider.ts';
import type { VmPlan } from '../model/plan.ts';
import type { TransferJob } from '../model/transfer.ts';

/**
 * What has to be moved for a VM: one job a disk that the mapping gave a claim. Reads headers only.
 * @throws MigrationError of Connection.openDisk
 */
export async function transferJobs(
  plan: VmPlan,
  context: {
    readonly connection: Connection;
    readonly destination: Destination;
    readonly verify: boolean;
    readonly signal: AbortSignal;
  },
): Promise<readonly TransferJob[]> {
  const jobs: TransferJob[] = [];
  for (const { disk, filledBy } of plan.mapping.placements) {
    // A shared disk is copied once, with the VM that its claim is made with.
    if (filledBy !== undefined && filledBy !== plan.vm.ref.id) continue;
    jobs.push({
      id: `${plan.mapping.targetName}/${disk}`,
      vm: plan.vm.name,
      disk,
      source: await context.connection.openDisk(plan.vm.ref, disk, context.signal),
      target: context.destination.diskTarget(plan, disk),
      verify: context.verify,
    });
  }
  return jobs;
}
