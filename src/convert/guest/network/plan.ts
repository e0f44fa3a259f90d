/**
 * What is written into a guest of Linux so that its network works as before: its own configuration stays as it is, and keeps being right,
 * because each NIC gets its old name back by its MAC. Only what names the old hypervisor's driver is changed. Pure; finish/edit.ts writes it.
 */
import type { ConversionChange, ConversionNic } from '../../../model/conversion.ts';
import type { InspectedSystem, NetworkFile } from '../../../model/guest-inspection.ts';
import type { FileEdit } from '../finish/edit.ts';
import { type Binding, bindNames } from './bindings.ts';

export interface NetworkPlan {
  readonly edits: readonly FileEdit[];
  readonly warnings: readonly string[];
}

const OLD_RULES = '/etc/udev/rules.d/70-persistent-net.rules';

export function planNetwork(
  system: Pick<InspectedSystem, 'type' | 'distro' | 'version'>,
  files: readonly NetworkFile[],
  nics: readonly ConversionNic[],
): NetworkPlan {
  if (system.type !== 'linux') return { edits: [], warnings: [] };
  const { bound, unbound } = bindNames(files, nics);
  const loose = bound.filter((binding) => !isPinned(files, binding));
  return {
    edits: [...drivers(files), ...(knowsLinks(system) ? links(loose) : rules(files, loose))],
    warnings: [
      ...unbound.map(
        (name) => `No NIC was found for ${name}: what configures it stays without effect until somebody names its MAC.`,
      ),
      ...bound
        .filter(({ because }) => because === 'the order of slots')
        .map(
          ({ name, mac }) => `${name} was given to the NIC ${mac} by the order of slots: nothing in the guest says which it was.`,
        ),
      ...places(files),
      ...listedDrivers(files),
      ...swapped(loose, nics),
      ...missing(files, nics),
    ],
  };
}

/** systemd's udev names NICs by .link files (197 and later) since these releases; older ones and unknown ones know rules. */
const SINCE: Readonly<Record<string, number>> = {
  rhel: 7,
  centos: 7,
  rocky: 8,
  almalinux: 8,
  oraclelinux: 7,
  scientificlinux: 7,
  fedora: 19,
  debian: 8,
  ubuntu: 16,
  sles: 12,
  opensuse: 13,
  'suse-based': 12,
  'redhat-based': 7,
};

function knowsLinks({ distro, version }: Pick<InspectedSystem, 'distro' | 'version'>): boolean {
  const since = SINCE[distro ?? ''];
  return since === undefined || version === undefined || version.major >= since;
}

/** The guest ties the name to the MAC itself, in a way that udev obeys. */
function isPinned(files: readonly NetworkFile[], { name, mac }: Binding): boolean {
  return files.some(({ kind, text = '' }) => {
    const lower = text.toLowerCase();
    if (kind === 'systemd-link') return lower.includes(mac) && new RegExp(`^\\s*name\\s*=\\s*${name}\\s*$`, 'm').test(lower);
    if (kind === 'udev')
      return lower.split('\n').some((line) => line.includes(mac) && line.includes(`name="${name}"`) && !/^\s*#/.test(line));
    if (kind === 'netplan') return lower.includes(mac) && new RegExp(`set-name:\\s*["']?${name}\\b`).test(lower);
    return false;
  });
}

function links(bindings: readonly Binding[]): FileEdit[] {
  return bindings.map(({ name, mac, because }) => {
    const path = `/etc/systemd/network/10-kubeferry-${name}.link`;
    // Bonds, bridges and VLANs take over the MAC of a NIC: only the card itself has the driver.
    const text = ['[Match]', `MACAddress=${mac}`, 'Driver=virtio_net', '', '[Link]', `Name=${name}`, ''].join('\n');
    const what = `The NIC ${mac} keeps the name ${name}, found by ${because}.`;
    return { path, text, change: { subject: 'network', what, file: path } };
  });
}

function rules(files: readonly NetworkFile[], bindings: readonly Binding[]): FileEdit[] {
  if (bindings.length === 0) return [];
  const before = files.find(({ path }) => path === OLD_RULES)?.text ?? '';
  const names = new Set(bindings.map(({ name }) => name));
  // A rule that gives one of the names to a card that is no more would win against ours.
  const kept = before.split('\n').filter((line) => line !== '' && !names.has(/NAME="([^"]+)"/.exec(line)?.[1] ?? ''));
  const added = bindings.map(
    ({ name, mac }) => `SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="${mac}", ATTR{type}=="1", NAME="${name}"`,
  );
  const list = bindings.map(({ name, mac }) => `${mac} (${name})`).join(', ');
  const change: ConversionChange = {
    subject: 'network',
    what: `NICs keep their names by rules of udev: ${list}.`,
    file: OLD_RULES,
  };
  return [{ path: OLD_RULES, text: `${[...kept, ...added].join('\n')}\n`, change }];
}

const OLD_DRIVERS = /(?<![\w-])(?:vmxnet3|vmxnet|vmw_vmxnet3|e1000e?|pcnet32|hv_netvsc)(?![\w-])/g;

/** Lines that choose NICs by their driver: netplan, systemd, NetworkManager (`[match]`), rules of udev. */
const BY_DRIVER: Readonly<Partial<Record<NetworkFile['kind'], RegExp>>> = {
  netplan: /^\s*(?:-\s*)?["']?driver["']?\s*:|[{,]\s*driver\s*:/,
  'systemd-networkd': /^\s*Driver\s*=/,
  'systemd-link': /^\s*Driver\s*=/,
  networkmanager: /^\s*driver\s*=/,
  udev: /^[^#]*\bDRIVERS?\s*==/,
};

/** Configuration that is only for NICs of the old hypervisor's driver is from now on for those of virtio. */
function drivers(files: readonly NetworkFile[]): FileEdit[] {
  return files.flatMap(({ kind, path, text = '' }): FileEdit[] => {
    const chooses = BY_DRIVER[kind];
    if (chooses === undefined) return [];
    const lines = text.split('\n').map((line) => (chooses.test(line) ? line.replaceAll(OLD_DRIVERS, 'virtio_net') : line));
    const after = lines.join('\n');
    if (after === text) return [];
    const what = `${path} was for NICs of another driver; it is for virtio_net now.`;
    return [{ path, text: after, change: { subject: 'network', what, file: path } }];
  });
}

/** A list over several lines is not rewritten. */
function listedDrivers(files: readonly NetworkFile[]): string[] {
  return files
    .filter(({ kind, text = '' }) => kind === 'netplan' && /^\s*-\s*["']?(?:vmxnet3|e1000e?|hv_netvsc)\b/m.test(text))
    .map(({ path }) => `${path} chooses NICs by drivers that are no more: name virtio_net or a MAC there.`);
}

/** eth0 and the like are names that the kernel gives first: udev cannot swap two of them. */
function swapped(bindings: readonly Binding[], nics: readonly ConversionNic[]): string[] {
  return bindings.flatMap(({ name, mac }) => {
    const number = /^eth(\d+)$/.exec(name)?.[1];
    const at = nics.findIndex((nic) => nic.mac === mac);
    if (number === undefined || Number(number) === at || nics.length === 1) return [];
    return [`${name} belongs to the NIC ${mac}, which the kernel may call eth${at} first: check the names after the first boot.`];
  });
}

/** Configuration by place in the machine cannot be carried over: there is no such place any more. */
function places(files: readonly NetworkFile[]): string[] {
  return files
    .filter(({ kind, path, text = '' }) => {
      if (kind === 'systemd-networkd' || kind === 'systemd-link') return /^\s*Path\s*=/m.test(text);
      if (kind === 'networkmanager') return /^\s*path\s*=\s*pci-/m.test(text);
      if (kind === 'wicked') return /\/ifcfg-bus-/.test(path);
      return kind === 'udev' && /^[^#\n]*KERNELS\s*==\s*"0000:/m.test(text);
    })
    .map(({ path }) => `${path} finds a NIC by its slot, which is another one now: name its MAC there.`);
}

/** Addresses that the guest had and that nobody finds in a file: a tool that is unknown here gave them. */
function missing(files: readonly NetworkFile[], nics: readonly ConversionNic[]): string[] {
  return nics.flatMap(({ mac, guestIp }) => {
    if (guestIp?.dhcp !== false) return [];
    const fixed = (guestIp.addresses ?? []).filter(({ origin }) => origin === undefined || origin === 'static');
    return fixed
      .filter(({ address }) => !address.toLowerCase().startsWith('fe80:'))
      .filter(({ address }) => !files.some(({ text = '' }) => text.toLowerCase().includes(address.toLowerCase())))
      .map(
        ({ address }) => `The address ${address} of the NIC ${mac} is in no file that was read: check it after the first boot.`,
      );
  });
}
