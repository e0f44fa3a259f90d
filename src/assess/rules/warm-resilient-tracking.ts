import type { Disk, Snapshots } from '../../model/vm.ts';
import { found, onDisks } from '../each-device.ts';
import type { Finding, Rule } from '../rule.ts';

/** Configuration version of Windows Server 2016, the first with resilient change tracking (RCT). */
const SINCE = 6.2;

export const rule: Rule = {
  id: 'warm-resilient-tracking',
  category: 'Critical',
  label: 'Hyper-V cannot track the changes',
  about:
    'A warm migration from Hyper-V needs recovery checkpoints and resilient change tracking: a VM of configuration version 6.2 or later whose disks are VHDX files, and no backup or replication that holds a checkpoint at the same time.',
  subject: 'platform.hardwareVersion',
  remedy:
    'Migrate the VM cold; or update its version, convert its disks to VHDX, and let backups finish, which all but the last need a power-off.',
  check(vm, { type }) {
    const { vendor, hardwareVersion } = vm.platform;
    if (type !== 'warm' || vendor !== 'hyperv') return [];
    return [...versionOf(hardwareVersion), ...onDisks(vm, 'format', whyNot), ...foreign(vm.snapshots)];
  },
};

function versionOf(version: string | undefined): readonly Finding[] {
  const number = Number.parseFloat(version ?? '');
  return found(
    'platform.hardwareVersion',
    number < SINCE
      ? `Configuration version ${version} has no tracking. Update it (Update-VMVersion, while the VM is off), or migrate cold.`
      : undefined,
  );
}

function whyNot({ format, pmem, label }: Disk): string | undefined {
  if (format.container === 'vhd')
    return `${label} is a VHD, of which no changes are tracked. Convert it (Convert-VHD, while the VM is off), or migrate cold.`;
  return pmem === true ? `${label} is persistent memory: a VM that has some gets no checkpoints. Migrate cold.` : undefined;
}

function foreign({ list = [] }: Snapshots): readonly Finding[] {
  const held = list.filter(({ kind }) => kind === 'recovery').map(({ name }) => name);
  return found(
    'snapshots.list',
    held.length === 0
      ? undefined
      : `The recovery checkpoint ${held.join(', ')} is there already, and a VM has one at a time. Let the backup finish, or clean up after it.`,
  );
}
