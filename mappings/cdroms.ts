/** CD-ROM drives: each stays, empty. A drive needs no volume (KubeVirt: an empty drive). */
import type { DiskDevice } from '../src/model/manifest.ts';
import type { Cdrom } from '../src/model/vm.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

/** `index` counts the drives, `position` the devices of the VM. */
export function mapCdrom(
  drive: Cdrom,
  { index, position, ledger }: { index: number; position: number; ledger: Ledger },
): DiskDevice {
  const from = `cdroms[${index}]`;
  const to = `${DOMAIN}.devices.disks[${position}]`;
  const rule = 'cdrom';
  const name = `cdrom-${index}`;
  ledger.changed({
    from: `${from}.key`,
    to: `${to}.name`,
    was: drive.key,
    value: name,
    rule,
    because: 'The drive stays; its name takes the Kubernetes form.',
  });
  const bus = {
    to: `${to}.cdrom.bus`,
    value: 'sata',
    rule,
    because: 'KubeVirt offers CD-ROM drives on SATA and SCSI; every guest knows SATA ones.',
  };
  if (drive.slot === undefined) ledger.added(bus);
  else ledger.changed({ ...bus, from: `${from}.slot`, was: `${drive.slot.controller}:${drive.slot.unit}` });
  ledger.dropped({ from: `${from}.media`, was: drive.media, rule, because: 'The drive arrives empty; the medium stays behind.' });
  ledger.dropped({
    from: `${from}.connected`,
    was: drive.connected,
    rule,
    because: 'An empty drive is neither connected nor disconnected.',
  });
  return { name, cdrom: { bus: 'sata' } };
}
