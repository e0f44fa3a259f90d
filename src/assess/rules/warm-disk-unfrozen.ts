import type { Disk, SourceVm } from '../../model/vm.ts';
import { onDisks } from '../each-device.ts';
import type { Rule, Surroundings } from '../rule.ts';

export const rule: Rule = {
  id: 'warm-disk-unfrozen',
  category: 'Critical',
  label: 'Disk that no snapshot freezes',
  about:
    'A warm migration reads the disks of a running VM through snapshots. Independent disks, whole LUNs in physical mode and disks on a shared bus are in none: as long as the VM runs their content stands still nowhere, and the source may refuse the snapshot of the whole VM.',
  subject: 'disks[].mode',
  remedy: 'Migrate the VM cold; or make the disk an ordinary one at the source, which needs a power-off as well.',
  check(vm, { type, options }) {
    if (type !== 'warm') return [];
    return onDisks(vm, 'mode', (disk) => {
      const what = unfrozen(disk, vm, options);
      return what === undefined ? undefined : `${disk.label} ${what}: no snapshot holds it. Migrate the VM cold.`;
    });
  },
};

function unfrozen(
  { mode, passthrough, sharing, slot }: Disk,
  { controllers }: SourceVm,
  { passthroughDisks }: Surroundings['options'],
): string | undefined {
  const bus = controllers.find(({ key }) => key === slot?.controller)?.sharing;
  if (sharing !== undefined || bus === 'virtual' || bus === 'physical') return 'is shared with other VMs';
  // Handed over as it is: nothing of it is copied.
  const isCopied = passthroughDisks !== 'lun';
  if ((passthrough === 'rdm-physical' || passthrough === 'physical-disk') && isCopied)
    return `is a whole device (${passthrough})`;
  return mode === undefined || mode === 'persistent' ? undefined : `is independent (${mode})`;
}
