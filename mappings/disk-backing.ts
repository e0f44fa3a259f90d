/** How a disk was stored at the source: none of it has a place on the target, all of it is named. */
import { formatBytes } from '../src/model/units.ts';
import type { Disk } from '../src/model/vm.ts';
import type { Ledger } from './ledger.ts';

/** `from` is the path of the disk: `disks[0]`. */
export function dropBackingFacts(disk: Disk, from: string, ledger: Ledger): void {
  const rule = 'disk-backing';
  const format = disk.format.variant === undefined ? disk.format.container : `${disk.format.container} ${disk.format.variant}`;
  ledger.dropped({
    from: `${from}.format`,
    was: format,
    rule,
    because: 'The target is always raw: what the guest sees, without a wrapping.',
  });
  ledger.dropped({ from: `${from}.file`, was: disk.file, rule, because: 'The claim takes its place.' });
  ledger.dropped({
    from: `${from}.allocated`,
    was: disk.allocated === undefined ? undefined : formatBytes(disk.allocated),
    rule,
    because: 'Only what holds data is moved; the rest stays sparse where the storage can.',
  });
  ledger.dropped({
    from: `${from}.mode`,
    was: disk.mode,
    rule,
    because: 'Every disk of the target is persistent and part of snapshots.',
  });
  ledger.dropped({
    from: `${from}.encrypted`,
    was: disk.encrypted,
    rule,
    because: 'Encryption at rest is a property of the storage class.',
  });
  ledger.dropped({
    from: `${from}.changeTracking`,
    was: disk.changeTracking,
    rule,
    because: 'It serves the source’s backups and warm migration only.',
  });
  ledger.dropped({
    from: `${from}.parents`,
    was: disk.parents?.join(', '),
    rule,
    because: 'The image and its parents are read together into one disk.',
  });
}
