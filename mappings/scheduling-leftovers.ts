/**
 * Facts about how the old hypervisor ran, guarded and shared out the VM. KubeVirt has no field for them, or none that is filled yet: each
 * is named with the reason, in one table a part of the VM. Devices, packaging and history are in leftovers.ts.
 */
import type { Cpu, Disk, Firmware, Guest, Memory, Nic, SourceVm } from '../src/model/vm.ts';
import type { Ledger } from './ledger.ts';

/** Fact → why it has no place. */
type Reasons<T> = { readonly [K in keyof T]?: string };

const NOW = 'How the VM is at this moment at the source; it means nothing on the target.';
const SHARES = 'Kubernetes weighs VMs by their CPU requests, and memory is not shared out.';
const POLICY = 'The storage class is the policy of the target.';
const QOS = 'KubeVirt has no limit per device; storage classes and network plugins have limits of their own.';
const HA =
  'Kubernetes restarts VMs of failed nodes by itself; how soon is a matter of the run strategy and of node health checks.';

const VM: Reasons<SourceVm> = {
  connection: NOW,
  question: NOW,
  encrypted: 'Encryption at rest is a property of the storage class.',
};

const AVAILABILITY: Reasons<NonNullable<SourceVm['availability']>> = {
  faultTolerance: 'KubeVirt runs one instance of a VM; a lock-step second one does not exist.',
  highAvailability: HA,
  restartPriority: 'A priority class is the counterpart, and the cluster must have one.',
  clusterRole: HA,
  drs: 'Kubernetes places a VM when it starts; a descheduler may move it later.',
  dpm: 'Nodes are switched by the cluster, not by a property of the VM.',
  replication: 'Replication must be set up anew with the tools of the target’s storage.',
  autoStart: 'The run strategy says whether the VM is kept running.',
};

const PLACEMENT: Reasons<NonNullable<SourceVm['placement']>> = {
  vApp: 'Start order and shared settings of a vApp have no counterpart.',
  storagePolicy: POLICY,
  hostRules: 'Hosts of the source do not exist on the target; label nodes and add node affinity where the place matters.',
};

const CPU: Reasons<Cpu> = {
  threadsPerCore: 'The guest is shown whole cores.',
  hotRemove: 'KubeVirt adds sockets to a running VM; it takes them away only at a restart.',
  shares: SHARES,
  performanceCounters: 'Whether the guest sees performance counters depends on the CPU model.',
};

const MEMORY: Reasons<Memory> = {
  shares: SHARES,
  dynamic: 'KubeVirt neither takes memory from a guest nor gives it some by itself: the guest keeps its start size.',
  ballooned: NOW,
};

const FIRMWARE: Reasons<Firmware> = {
  secureBootTemplate: 'KubeVirt’s firmware trusts the keys of Microsoft for Windows and for other systems alike.',
  vbs: 'The guest finds the virtualisation it needs in the CPU features; there is no switch for it.',
  iommu: 'KubeVirt has no virtual IOMMU.',
  shielded: 'KubeVirt has no guarded hosts.',
  isolation: 'Encrypted guests need nodes prepared for them and a disk made for them.',
};

const TOOLS: Reasons<NonNullable<Guest['tools']>> = {
  running: NOW,
  outdated: NOW,
  timeSync: 'The guest sets its clock by itself; without NTP inside it nobody does.',
  services: 'Integration services do nothing under KubeVirt; the QEMU guest agent takes their place.',
};

const DISK: Reasons<Disk> = {
  iopsLimit: QOS,
  iopsReservation: QOS,
  managedVolume: 'The volume stays with its old manager; its content is copied.',
  inUse: NOW,
  unreadable: NOW,
  pmem: 'The content is copied to a volume, which the guest sees as a disk.',
};

const NIC: Reasons<Nic> = {
  macSpoofing: 'Whether foreign MAC addresses pass is decided by the network plugin (`macspoofchk`).',
  bandwidthLimit: QOS,
  bandwidthReservation: QOS,
  teaming: 'The guest may team its NICs anyway; whether it helps depends on the networks.',
  sriovOffload: 'A synthetic NIC stays one; SR-IOV is a network attachment of its own on the target.',
  portPolicies: 'Guards of the old switch; network policies are the counterpart.',
};

export function dropScheduling(vm: SourceVm, ledger: Ledger): void {
  drop('', vm, VM, ledger);
  if (vm.availability !== undefined) drop('availability.', vm.availability, AVAILABILITY, ledger);
  if (vm.placement !== undefined) drop('placement.', vm.placement, PLACEMENT, ledger);
  drop('cpu.', vm.cpu, CPU, ledger);
  drop('memory.', vm.memory, MEMORY, ledger);
  drop('firmware.', vm.firmware, FIRMWARE, ledger);
  if (vm.guest.tools !== undefined) drop('guest.tools.', vm.guest.tools, TOOLS, ledger);
  for (const [index, disk] of vm.disks.entries()) drop(`disks[${index}].`, disk, DISK, ledger);
  for (const [index, nic] of vm.nics.entries()) drop(`nics[${index}].`, nic, NIC, ledger);
}

function drop<T extends object>(path: string, part: T, reasons: Reasons<T>, ledger: Ledger): void {
  for (const fact in reasons) {
    const value = part[fact];
    const because = reasons[fact];
    if (value === undefined || because === undefined) continue;
    ledger.dropped({ from: path + fact, was: textOf(value), rule: 'no-counterpart', because });
  }
}

/** `minimum 1073741824, maximum 4294967296` for people. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('; ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${key} ${textOf(part)}`)
    .join(', ');
}
