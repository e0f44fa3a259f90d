import { isOurSnapshot } from '../../model/our-snapshots.ts';
import type { Disk, Snapshots } from '../../model/vm.ts';
import { found, onDisks, type Said } from '../each-device.ts';
import type { Finding, Rule } from '../rule.ts';

/** Configuration version of Windows Server 2016, the first with resilient change tracking (RCT). */
const SINCE = 6.2;

export const rule: Rule = {
  id: 'warm-resilient-tracking',
  category: 'Critical',
  label: 'Hyper-V does not track the changes',
  about:
    'A warm migration from Hyper-V needs recovery checkpoints and resilient change tracking: a VM of configuration version 6.2 or later, and no backup that holds a recovery checkpoint at the same time. A warning where changes are not counted, as those of VHD images and of VMs with other checkpoints: such disks are compared as a whole in each pass.',
  subject: 'platform.hardwareVersion',
  remedy: 'Migrate cold; or update the version and convert the disks while the VM is off, and remove checkpoints.',
  check(vm, { type }) {
    const { vendor, hardwareVersion } = vm.platform;
    if (type !== 'warm' || vendor !== 'hyperv') return [];
    return [...versionOf(hardwareVersion), ...onDisks(vm, 'format', ofDisk), ...ofCheckpoints(vm.snapshots)];
  },
};

function versionOf(version: string | undefined): readonly Finding[] {
  return found(
    'platform.hardwareVersion',
    Number.parseFloat(version ?? '') < SINCE
      ? `Configuration version ${version} has no tracking. Update it (Update-VMVersion, while the VM is off), or migrate cold.`
      : undefined,
  );
}

function ofDisk({ format, pmem, label }: Disk): Said {
  if (pmem === true) return `${label} is persistent memory: a VM that has some gets no checkpoints. Migrate cold.`;
  if (format.container !== 'vhd') return undefined;
  const assessment = `${label} is a VHD and is read as a whole in each pass. Convert it (Convert-VHD, while the VM is off), or migrate cold.`;
  return { category: 'Warning', assessment };
}

/** Those of our own are part of a migration that goes on, or was interrupted. */
function ofCheckpoints({ list = [] }: Snapshots): readonly Finding[] {
  const others = list.filter(({ name }) => !isOurSnapshot(name));
  const subject = 'snapshots.list';
  const held = others.filter(({ kind }) => kind === 'recovery').map(({ name }) => name);
  if (held.length > 0) {
    const assessment = `The recovery checkpoint ${held.join(', ')} is there already, and a VM has one at a time. Let the backup finish, or clean up after it.`;
    return [{ subject, assessment }];
  }
  if (others.length === 0) return [];
  const assessment = 'Its disks are read as a whole in each pass, until its checkpoints are removed.';
  return [{ subject, category: 'Warning', assessment }];
}
