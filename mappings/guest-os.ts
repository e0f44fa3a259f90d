/** What the guest system asks of the target: a preference where the cluster has it, enlightenments for Windows, old virtio for old Linux. */

import type { InstancetypeFacts } from '../src/model/cluster-facts.ts';
import type { GuestOs } from '../src/model/guest-os/row.ts';
import { findGuestOs } from '../src/model/guest-os.ts';
import type { DomainFeatures, HypervFeatures, VirtualMachine } from '../src/model/manifest.ts';
import { formatBytes } from '../src/model/units.ts';
import type { SourceVm } from '../src/model/vm.ts';
import { socketCount } from './compute.ts';
import type { MappingContext } from './context.ts';
import { isOnly } from './cpu-model.ts';
import { DOMAIN, type Ledger, TEMPLATE } from './ledger.ts';
import { memorySize } from './size.ts';
import { preferenceNeed } from './tables/preference-needs.ts';

/** All that libvirt offers without tying the VM to one host's TSC (reenlightenment would). Each part needs the one before it. */
const HYPERV: HypervFeatures = {
  relaxed: {},
  vapic: {},
  vpindex: {},
  spinlocks: { spinlocks: 8191 },
  synic: {},
  synictimer: { direct: {} },
  runtime: {},
  frequencies: {},
  ipi: {},
  tlbflush: {},
  reset: {},
};

/** Windows before Vista knows no enlightenments, and its 32-bit kernel stumbles over a PCI window above 4 GiB. */
const BEFORE_VISTA: ReadonlySet<string> = new Set(['windows-2003', 'windows-xp', 'windows-2000', 'windows-nt']);

/** True for Windows that makes use of Hyper-V interfaces. */
export function knowsHyperv(os: GuestOs | undefined): os is GuestOs {
  return os?.family === 'windows' && !BEFORE_VISTA.has(os.id);
}

export function recogniseGuest(vm: SourceVm): GuestOs | undefined {
  return findGuestOs(vm.guest);
}

/**
 * A preference is named only when the cluster is known to have it: a VM that names a missing one is accepted and never starts. All
 * that a preference would set is written out anyway.
 */
export function mapPreference(
  vm: SourceVm,
  os: GuestOs | undefined,
  { context, type, ledger }: { context: MappingContext; type: InstancetypeFacts | undefined; ledger: Ledger },
): Pick<VirtualMachine['spec'], 'preference'> {
  noteIdKind(vm, ledger);
  const name = context.options.devices === 'virtio' ? os?.preference?.virtio : os?.preference?.compatibility;
  if (name === undefined || context.facts.preferences?.includes(name) !== true) return {};
  // KubeVirt counts sockets here: the topology that preferences prefer.
  const cpus = type?.cpus ?? socketCount(vm, context.options);
  const memory = type?.memory ?? memorySize(vm, context.options);
  const need = preferenceNeed(name);
  if (need !== undefined && (cpus < need.cpus || memory < need.memory)) {
    ledger.concern(
      'preference-unmet',
      'guest.osId',
      `${name} requires ${need.cpus} sockets and ${formatBytes(need.memory)}, the VM has ${cpus} and ${formatBytes(memory)}. Nothing is lost: all that it would set is written out.`,
    );
    return {};
  }
  ledger.added({
    to: 'VirtualMachine/spec.preference',
    value: name,
    rule: 'preference',
    because: `The guest is ${os?.name}, and the cluster has this preference. It only fills what this plan leaves open.`,
  });
  return { preference: { kind: 'VirtualMachineClusterPreference', name } };
}

export function mapHyperv(
  vm: SourceVm,
  os: GuestOs | undefined,
  { context, ledger }: { context: MappingContext; ledger: Ledger },
): Pick<DomainFeatures, 'hyperv'> {
  if (!knowsHyperv(os)) return {};
  ledger.added({
    to: `${DOMAIN}.features.hyperv`,
    value: 'enlightenments',
    rule: 'windows-enlightenments',
    because: 'Windows runs markedly better when it sees the interfaces of Hyper-V. Nodes must offer them, which current ones do.',
  });
  // A shadow VMCS exists on Intel only: KubeVirt would ask AMD nodes for VMX and find none.
  if (vm.cpu.nestedVirtualization !== true || !isOnly(context.facts.nodes?.vendors, 'Intel')) return { hyperv: HYPERV };
  ledger.added({
    to: `${DOMAIN}.features.hyperv.evmcs`,
    value: 'on',
    rule: 'windows-enlightenments',
    because: 'Hyper-V inside the guest is markedly faster with it, and all nodes have Intel processors.',
  });
  return { hyperv: { ...HYPERV, evmcs: {} } };
}

export function mapTransitional(
  os: GuestOs | undefined,
  { context, ledger }: { context: MappingContext; ledger: Ledger },
): { useVirtioTransitional?: true } {
  if (os?.virtio !== 'transitional' || context.options.devices !== 'virtio') return {};
  ledger.added({
    to: `${DOMAIN}.devices.useVirtioTransitional`,
    value: true,
    rule: 'virtio-transitional',
    because: `${os.name} has drivers for virtio 0.9 only.`,
  });
  return { useVirtioTransitional: true };
}

export function templateAnnotations(os: GuestOs | undefined, ledger: Ledger): Readonly<Record<string, string>> | undefined {
  if (os === undefined || !BEFORE_VISTA.has(os.id)) return undefined;
  const key = 'kubevirt.io/disablePCIHole64';
  ledger.added({
    to: `VirtualMachine/spec.template.metadata.annotations["${key}"]`,
    value: 'true',
    rule: 'windows-pci-hole',
    because: `${os.name} does not start with a PCI window above 4 GiB.`,
  });
  return { [key]: 'true' };
}

/** Windows takes its time over a shutdown: updates are installed then. Seconds. */
export function mapGracePeriod(os: GuestOs | undefined, ledger: Ledger): number {
  const seconds = os?.family === 'windows' ? 3600 : 180;
  ledger.added({
    to: `${TEMPLATE}.terminationGracePeriodSeconds`,
    value: seconds,
    rule: 'grace-period',
    because: 'Time for the guest to shut down before its power is cut. KubeVirt’s own 30 seconds are too few for most servers.',
  });
  return seconds;
}

function noteIdKind(vm: SourceVm, ledger: Ledger): void {
  ledger.dropped({
    from: 'guest.osIdKind',
    was: vm.guest.osIdKind,
    rule: 'guest-os',
    because: 'Says only which vocabulary the kept identifier is from.',
  });
}
