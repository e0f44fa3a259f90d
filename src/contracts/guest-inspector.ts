/** Looks into the disks of a VM before anything is copied, where their bytes are at hand. Nothing is changed. */
import type { GuestInspection } from '../model/guest-inspection.ts';
import type { GuestChoice } from '../model/guest-terms.ts';
import type { SourceVm } from '../model/vm.ts';

/**
 * Undefined: the disks of this VM cannot be looked into from here.
 * @param guest what is asked for it: the root that is named, where passphrases are
 * @throws MigrationError as GuestConverter.inspect; what it says becomes a concern of the VM
 */
export type GuestInspector = (vm: SourceVm, guest: GuestChoice, signal: AbortSignal) => Promise<GuestInspection | undefined>;
