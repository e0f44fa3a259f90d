/** Packages, guest tools and network configuration: questions to a session in which the system is mounted at /. */
import type { GuestInspection, InspectedTool, NetworkFile, NetworkFileKind } from '../../model/guest-inspection.ts';
import { type Guestfish, quoted } from './guestfish.ts';

const MAX_APPLICATIONS = 1_000;
const MAX_NETWORK_FILES = 64;
const MAX_FILE_BYTES = 65_536;

interface Applications {
  readonly first: GuestInspection['applications'];
  readonly count: number;
}

export async function readApplications(session: Guestfish, root: string): Promise<Applications> {
  return parseApplications(await session.ask(`inspect-list-applications2 ${quoted(root)}`));
}

/** The structs as guestfish prints them: `app2_name: …` and so on, one field a line. */
export function parseApplications(text: string): Applications {
  const first: { name: string; version: string }[] = [];
  let count = 0;
  let name = '';
  let version = '';
  for (const line of text.split('\n')) {
    const [, field, value = ''] = /^ {2}app2_(name|display_name|version|release): (.*)$/.exec(line) ?? [];
    if (field === 'name') {
      name = value;
      version = '';
    } else if (field === 'display_name' && value !== '') name = value;
    else if (field === 'version') version = value;
    else if (field === 'release') {
      count += 1;
      const full = value === '' ? version : `${version}-${value}`;
      if (first.length < MAX_APPLICATIONS) first.push({ name: name.slice(0, 200), version: full.slice(0, 100) });
    }
  }
  return { first, count };
}

const TOOLS: readonly (readonly [RegExp, InspectedTool])[] = [
  [/^open-vm-tools/, 'open-vm-tools'],
  [/^VMware Tools$|^vmware-tools/, 'vmware-tools'],
  [/^hyperv-daemons|^hyperv-tools|^hypervkvpd|^linux-cloud-tools/, 'hyperv-daemons'],
  [/^qemu-guest-agent|^QEMU guest agent/i, 'qemu-guest-agent'],
  [/^virtualbox-guest|VirtualBox Guest Additions/i, 'virtualbox-additions'],
  [/^cloud-init$/, 'cloud-init'],
];

/** Tools that a package brings, and VMware's own, which were installed by its script. */
export async function toolsAmong(session: Guestfish, applications: Applications['first']): Promise<readonly InspectedTool[]> {
  const found = new Set<InspectedTool>();
  for (const { name } of applications) for (const [says, tool] of TOOLS) if (says.test(name)) found.add(tool);
  if (await session.is('is-file /usr/bin/vmware-uninstall-tools.pl followsymlinks:true')) found.add('vmware-tools');
  return [...found].sort();
}

const NETWORK_FILES: readonly (readonly [NetworkFileKind, string])[] = [
  ['ifupdown', '/etc/network/interfaces'],
  ['ifupdown', '/etc/network/interfaces.d/*'],
  ['netplan', '/etc/netplan/*.yaml'],
  ['networkmanager', '/etc/NetworkManager/system-connections/*'],
  ['ifcfg', '/etc/sysconfig/network-scripts/ifcfg-*'],
  ['wicked', '/etc/sysconfig/network/ifcfg-*'],
  ['systemd-networkd', '/etc/systemd/network/*.network'],
  ['systemd-link', '/etc/systemd/network/*.link'],
  ['udev', '/etc/udev/rules.d/*net*.rules'],
];

export async function readNetworkFiles(session: Guestfish): Promise<readonly NetworkFile[]> {
  const found: NetworkFile[] = [];
  for (const [kind, pattern] of NETWORK_FILES) {
    for (const path of [...(await session.lines(`glob-expand ${quoted(pattern)}`))].sort()) {
      if (found.length === MAX_NETWORK_FILES) return found;
      // Links are not followed: they may lead to anything in the guest.
      if (!(await session.is(`is-file ${quoted(path)}`))) continue;
      const size = Number(await session.ask(`filesize ${quoted(path)}`));
      // guestfish ends what it prints with a line of its own.
      const text = size <= MAX_FILE_BYTES ? (await session.ask(`cat ${quoted(path)}`)).slice(0, -1) : undefined;
      found.push({ kind, path, ...(text === undefined || text.includes('\0') ? {} : { text }) });
    }
  }
  return found;
}
