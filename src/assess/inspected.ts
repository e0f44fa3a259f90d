/** What rules ask of a look into the disks. */
import { isLookedInto } from '../model/conversion.ts';
import type { GuestInspection, InspectedFilesystem, InspectedSystem } from '../model/guest-inspection.ts';
import { firmwareIn } from '../model/guest-readiness.ts';
import type { SourceVm } from '../model/vm.ts';
import type { Surroundings } from './rule.ts';

/** The guest is looked into at the target, so that what nobody finds there ends the migration. */
export function isEntered({ policy }: Pick<Surroundings, 'policy'>): boolean {
  return isLookedInto(policy);
}

/** `Debian GNU/Linux 12 on /dev/sda1` */
export function systemText({ product, distro, type, root }: InspectedSystem): string {
  return `${product ?? distro ?? type} on ${root}`;
}

/** Filesystems that the system mounts, with their mount points. */
export function mountedBy(
  system: InspectedSystem,
  { filesystems }: Pick<GuestInspection, 'filesystems'>,
): readonly (InspectedFilesystem & { readonly path: string })[] {
  return system.mounts.flatMap(({ path, device }) => {
    const found = filesystems.find((each) => each.device === device);
    return found === undefined ? [] : [{ ...found, path }];
  });
}

/** What the VM will have: as stated, else as its boot loader needs it, else the older one. */
export function firmwareOf({
  firmware,
  options,
  inspection,
}: Pick<SourceVm, 'firmware'> & Pick<Surroundings, 'options' | 'inspection'>): 'bios' | 'uefi' {
  return options.firmware ?? firmware.kind ?? (inspection && firmwareIn(inspection)) ?? 'bios';
}

/** Windows by what was found, else by what the source says. */
export function isWindows({ inspection, os }: Pick<Surroundings, 'inspection' | 'os'>): boolean {
  const types = new Set(inspection?.systems.map(({ type }) => type));
  return types.size === 0 ? os?.family === 'windows' : types.size === 1 && types.has('windows');
}
