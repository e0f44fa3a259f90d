/** What VMware Tools report from inside the guest, and what the configuration says about it. */

import { defined } from '../../../src/model/defined.ts';
import type { Guest, GuestFilesystem, GuestTools } from '../../../src/model/vm.ts';
import type { ObjectProperties } from '../properties.ts';
import { members } from '../vim/node.ts';

/** Tools that the guest's own distribution maintains (open-vm-tools) have this version number. */
const UNMANAGED_VERSION = '2147483647';

export function readGuest(vm: ObjectProperties, diskKeys: ReadonlyMap<string, string>): Guest {
  // What the tools see inside is nearer to the truth than what somebody chose when the VM was made; the id stays the configured one.
  const osId = vm.string('config.guestId') ?? vm.string('guest.guestId');
  const filesystems = readFilesystems(vm, diskKeys);
  return defined({
    osId,
    osIdKind: osId === undefined ? undefined : ('vmware' as const),
    osName: vm.string('guest.guestFullName') ?? vm.string('config.guestFullName'),
    hostname: vm.string('guest.hostName'),
    tools: readTools(vm),
    filesystems: filesystems.length === 0 ? undefined : filesystems,
  });
}

function readTools(vm: ObjectProperties): GuestTools | undefined {
  const status = vm.string('guest.toolsVersionStatus2');
  const running = vm.string('guest.toolsRunningStatus');
  const version = vm.string('guest.toolsVersion');
  const syncs = vm.node('config.tools')?.flag('syncTimeWithHost');
  if (status === undefined && version === undefined) {
    // Running tools are installed; not running says nothing about that.
    return running === 'guestToolsRunning' ? { installed: true, running: true, ...defined({ timeSync: syncs }) } : undefined;
  }
  const installed = status !== 'guestToolsNotInstalled' && (status !== undefined || (version !== undefined && version !== '0'));
  const outdated = /NeedUpgrade|SupportedOld|TooOld/.test(status ?? '')
    ? true
    : status === 'guestToolsCurrent'
      ? false
      : undefined;
  return {
    installed,
    ...defined({
      version: version === undefined || version === '0' || version === UNMANAGED_VERSION ? undefined : version,
      running: running === undefined ? undefined : running === 'guestToolsRunning',
      outdated: installed ? outdated : undefined,
      timeSync: syncs,
    }),
  };
}

function readFilesystems(vm: ObjectProperties, diskKeys: ReadonlyMap<string, string>): readonly GuestFilesystem[] {
  return members(vm.node('guest.disk')).flatMap((entry) => {
    const path = entry.string('diskPath');
    if (path === undefined) return [];
    const disks = entry.list('mappings').flatMap((mapping) => diskKeys.get(mapping.string('key') ?? '') ?? []);
    const kind = entry.string('filesystemType')?.toLowerCase();
    return [
      {
        path,
        ...defined({
          capacity: entry.number('capacity'),
          free: entry.number('freeSpace'),
          kind,
          disks: disks.length === 0 ? undefined : disks,
        }),
      },
    ];
  });
}
