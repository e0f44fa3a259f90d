/**
 * CD-ROM drives: each stays, empty, where KubeVirt takes a drive without a medium. Before 1.9 it refuses one unless the gate
 * DeclarativeHotplugVolumes is on.
 */
import type { ClusterFacts } from '../src/model/cluster-facts.ts';
import { gateState } from '../src/model/kubevirt-version.ts';
import type { DiskDevice } from '../src/model/manifest.ts';
import type { Cdrom } from '../src/model/vm.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

const RULE = 'cdrom';

interface DriveContext {
  /** How many devices come before the drives. */
  readonly position: number;
  readonly facts: ClusterFacts;
  readonly ledger: Ledger;
}

export function mapCdroms(drives: readonly Cdrom[], { position, facts, ledger }: DriveContext): readonly DiskDevice[] {
  if (drives.length === 0) return [];
  const gate = gateState('DeclarativeHotplugVolumes', facts);
  if (gate === 'on') return drives.map((drive, index) => keepDrive(drive, { index, position: position + index, ledger }));
  const because =
    gate === 'off'
      ? 'This KubeVirt refuses a drive without a medium: its gate DeclarativeHotplugVolumes is off.'
      : 'KubeVirt before 1.9 refuses a drive without a medium, and the version of the target is not known.';
  for (const [index, drive] of drives.entries()) leaveOut(drive, `cdroms[${index}]`, { because, ledger });
  return [];
}

/** `index` counts the drives, `position` the devices of the VM. */
function keepDrive(drive: Cdrom, { index, position, ledger }: { index: number; position: number; ledger: Ledger }): DiskDevice {
  const from = `cdroms[${index}]`;
  const to = `${DOMAIN}.devices.disks[${position}]`;
  const name = `cdrom-${index}`;
  ledger.changed({
    from: `${from}.key`,
    to: `${to}.name`,
    was: drive.key,
    value: name,
    rule: RULE,
    because: 'The drive stays; its name takes the Kubernetes form.',
  });
  const bus = {
    to: `${to}.cdrom.bus`,
    value: 'sata',
    rule: RULE,
    because: 'KubeVirt offers CD-ROM drives on SATA and SCSI; every guest knows SATA ones.',
  };
  if (drive.slot === undefined) ledger.added(bus);
  else ledger.changed({ ...bus, from: `${from}.slot`, was: slotText(drive) });
  dropMedium(drive, from, ledger);
  return { name, cdrom: { bus: 'sata' } };
}

function leaveOut(drive: Cdrom, from: string, { because, ledger }: { because: string; ledger: Ledger }): void {
  ledger.dropped({ from: `${from}.key`, was: drive.key, rule: RULE, because: `${because} The drive is left out.` });
  ledger.dropped({ from: `${from}.slot`, was: slotText(drive), rule: RULE, because: 'The drive is left out.' });
  dropMedium(drive, from, ledger);
}

function dropMedium(drive: Cdrom, from: string, ledger: Ledger): void {
  ledger.dropped({ from: `${from}.media`, was: drive.media, rule: RULE, because: 'The medium stays behind.' });
  ledger.dropped({
    from: `${from}.connected`,
    was: drive.connected,
    rule: RULE,
    because: 'Without a medium a drive is neither connected nor disconnected.',
  });
}

function slotText({ slot }: Cdrom): string | undefined {
  return slot === undefined ? undefined : `${slot.controller}:${slot.unit}`;
}
