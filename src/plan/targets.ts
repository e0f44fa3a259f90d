/** Where the disks of a VM go, as limits count it. */
import type { PersistentVolumeClaim } from '../model/manifest.ts';
import type { Mapping } from '../model/mapping.ts';

/** Claims that name no class all go to one, whichever that is. */
const DEFAULT_CLASS = 'the default class';

/** Name of the storage class by disk key. */
export function storageClassesOf({ manifests, placements }: Mapping): ReadonlyMap<string, string> {
  const claims = new Map(
    manifests
      .filter((manifest): manifest is PersistentVolumeClaim => manifest.kind === 'PersistentVolumeClaim')
      .map(({ metadata, spec }) => [metadata.name, spec.storageClassName ?? DEFAULT_CLASS] as const),
  );
  // A claim that another VM makes is filled by that one.
  return new Map(
    placements.flatMap(({ disk, claim }) => {
      const target = claims.get(claim);
      return target === undefined ? [] : [[disk, target] as const];
    }),
  );
}
