/** Block or file system, for one node or many: the map first, then what the class offers, then what every class offers. */
import type { StorageClassFacts } from '../src/model/cluster-facts.ts';
import type { AccessMode, VolumeMode } from '../src/model/manifest.ts';
import type { StorageTarget } from '../src/model/mapping.ts';
import { type ClaimProperties, PROVISIONERS } from './tables/provisioners.ts';

/** How the VM uses a disk, as far as its volume depends on it. */
export interface DiskUse {
  readonly shared: boolean;
  /** SCSI commands reach the volume, so it has to be a block device. */
  readonly lun: boolean;
}

export interface Mode {
  readonly accessMode: AccessMode;
  readonly volumeMode: VolumeMode;
  readonly because: string;
  /** `use`: the disk needs it whatever the class offers. `guess`: nothing is known. */
  readonly origin: 'map' | 'facts' | 'table' | 'use' | 'guess';
  /** What the class is known to offer; empty when nothing is known. */
  readonly offers: readonly ClaimProperties[];
}

const SAFE: ClaimProperties = { accessMode: 'ReadWriteOnce', volumeMode: 'Filesystem' };

export function chooseMode({
  target,
  known,
  use,
}: {
  readonly target: StorageTarget;
  readonly known: StorageClassFacts | undefined;
  readonly use: DiskUse;
}): Mode {
  const offered = offersOf(known);
  const { offers } = offered;
  if (use.shared) {
    const because = 'Several VMs write this disk at once: that needs a block volume for many.';
    return { accessMode: 'ReadWriteMany', volumeMode: 'Block', because, origin: 'use', offers };
  }
  if (use.lun) {
    const block = offers.find(({ volumeMode }) => volumeMode === 'Block');
    const accessMode = target.accessMode ?? block?.accessMode ?? 'ReadWriteOnce';
    return { accessMode, volumeMode: 'Block', because: 'SCSI commands need a block volume.', origin: 'use', offers };
  }
  if (target.volumeMode !== undefined || target.accessMode !== undefined) return followMap(target, offers);
  const [best] = offers;
  if (best === undefined) {
    const because =
      'Nothing is known about the storage class, and this is what every class offers. The VM cannot be live migrated on it.';
    return { ...SAFE, because, origin: 'guess', offers };
  }
  return { ...best, because: offered.because, origin: offered.origin, offers };
}

interface Offers {
  readonly offers: readonly ClaimProperties[];
  readonly because: string;
  readonly origin: 'facts' | 'table';
}

/** What volumes a class makes, best first. CDI's list for a provisioner that it does not know is empty: then our own table counts. */
function offersOf(known: StorageClassFacts | undefined): Offers {
  const stated = known?.claimProperties ?? [];
  if (known !== undefined && stated.length > 0) {
    return { offers: stated, because: `The best that the storage class ${known.name} offers.`, origin: 'facts' };
  }
  const row = known === undefined ? undefined : PROVISIONERS.get(known.provisioner);
  return { offers: row?.offers ?? [], because: row?.because ?? '', origin: 'table' };
}

function followMap({ accessMode, volumeMode }: StorageTarget, offers: readonly ClaimProperties[]): Mode {
  const best = offers.find(
    (one) =>
      (volumeMode === undefined || one.volumeMode === volumeMode) && (accessMode === undefined || one.accessMode === accessMode),
  );
  return {
    accessMode: accessMode ?? best?.accessMode ?? SAFE.accessMode,
    volumeMode: volumeMode ?? best?.volumeMode ?? SAFE.volumeMode,
    because: 'The storage map says so; what it leaves open is the best that the class offers, or ReadWriteOnce on a file system.',
    origin: 'map',
    offers,
  };
}
