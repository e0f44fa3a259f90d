import type { DiskPlacement } from './mapping.ts';
import type { VmPlan } from './plan.ts';

/** The disks that are copied with this VM. A shared one is copied once, with the VM that its claim is made with. */
export function ownPlacements({ vm, mapping }: Pick<VmPlan, 'vm' | 'mapping'>): readonly DiskPlacement[] {
  return mapping.placements.filter(({ filledBy }) => filledBy === undefined || filledBy === vm.ref.id);
}
