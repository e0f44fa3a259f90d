/** The root hashes of disks after their guest was converted: from the hashes that their copies left, and what the conversion changed. */
import path from 'node:path';
import type { ConverterOptions } from '../contracts/guest-converter.ts';
import type { ChangeHasher } from '../contracts/verification.ts';
import type { ChangedDisk, ConversionDisk, ConversionRequest } from '../model/conversion.ts';

export interface NewRoots {
  /**
   * To be called before the first disk is changed. From then on the hashes are in the workspace, together with what says which disks it changed how:
   * whoever comes with another workspace finds none, and reads the disks.
   */
  readonly takeHashes: (disks: readonly ChangedDisk[]) => Promise<void>;
  /** Undefined for a disk whose copy was not proven. `wholeBecause`: all of it had to be read, and why; words that follow a colon. */
  rootOf(disk: ChangedDisk): Promise<{ readonly root: string; readonly wholeBecause?: string } | undefined>;
  /** There is nothing left to hash. */
  dropHashes(): Promise<void>;
}

export function newRoots(
  { vm, disks }: Pick<ConversionRequest, 'vm' | 'disks'>,
  { hasher, workspace, signal }: { readonly hasher: ChangeHasher } & Pick<ConverterOptions, 'workspace' | 'signal'>,
): NewRoots {
  const proven = disks.flatMap((disk, index) => provenDisk(vm, disk, path.join(workspace, `hashes-${index}`)));
  const options = { signal, onProgress: () => undefined };
  return {
    takeHashes: async (changes) => {
      for (const { key, copied } of proven) {
        const isChanged = changes.some((each) => each.key === key && each.changed.length > 0);
        if (isChanged && copied !== undefined) await hasher.takeHashes(copied.journal, copied.hashes);
      }
    },
    rootOf: async ({ key, changed, zeroed }) => {
      const disk = proven.find((each) => each.key === key);
      if (disk === undefined) return undefined;
      const { about, copied } = disk;
      if (copied === undefined) return { root: await hasher.rootOf(about, options) };
      return await hasher.rootAfter(about, { ...copied, changed, ...(zeroed !== undefined && { zeroed }) }, options);
    },
    dropHashes: async () => {
      for (const { copied } of proven) if (copied !== undefined) await hasher.dropHashes(copied.journal);
    },
  };
}

interface ProvenDisk {
  readonly key: string;
  readonly about: Parameters<ChangeHasher['rootOf']>[0];
  /** What its copy may have left; absent where nobody says so. `hashes`: where they are while the guest is converted. */
  readonly copied?: { readonly before: string; readonly journal: string; readonly hashes: string };
}

function provenDisk(
  vm: string,
  { key, path: place, proven, root, journal }: ConversionDisk,
  hashes: string,
): readonly ProvenDisk[] {
  if (proven === undefined) return [];
  const about = { id: `${vm}/${key}`, path: place, size: proven };
  if (root === undefined || journal === undefined) return [{ key, about }];
  return [{ key, about, copied: { before: root, journal, hashes } }];
}
