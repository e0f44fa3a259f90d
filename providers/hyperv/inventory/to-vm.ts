/** One VM of the script `vms` becomes a SourceVm. */
import type { Availability } from '../../../src/model/availability.ts';
import { defined } from '../../../src/model/defined.ts';
import type { Snapshot, Snapshots, SourceVm } from '../../../src/model/vm.ts';
import type { Host } from '../scripts/host-answer.ts';
import type { Vm } from '../scripts/vm-answer.ts';
import { readCdroms, readControllers, readDisks } from './disks.ts';
import { readExtras } from './extras.ts';
import { readGuest } from './guest.ts';
import { readCpu, readDevices, readFirmware, readIdentity, readMemory } from './hardware.ts';
import { type KnownHost, knownHost } from './known-host.ts';
import { readNics } from './nics.ts';
import { isCritical, powerState } from './power-state.ts';

/** Without what these tell, a VM would look smaller than it is. */
const ESSENTIAL: ReadonlySet<string> = new Set([
  'Get-VMFirmware',
  'Get-VMHardDiskDrive',
  'Get-VMNetworkAdapter',
  'Get-VMNetworkAdapterIsolation',
  'Get-VMNetworkAdapterVlan',
  'Get-VMSecurity',
]);

/** @param host the answer of the host that the VM was read from; the same object for all of its VMs, since what is looked up in it is kept */
export function toSourceVm(vm: Vm, host: Host): SourceVm {
  const known = knownHost(host);
  const cluster = host.cluster?.name;
  return {
    ref: { id: vm.id, name: vm.name },
    name: vm.name,
    ...defined({ power: powerState(vm.state), notes: vm.notes ?? undefined }),
    connection: isReadable(vm) ? 'connected' : 'inaccessible',
    cpu: readCpu(vm),
    memory: readMemory(vm),
    firmware: readFirmware(vm),
    identity: readIdentity(vm),
    clock: {},
    guest: readGuest(vm),
    controllers: readControllers(vm),
    disks: readDisks(vm, known),
    cdroms: readCdroms(vm),
    nics: readNics(vm.adapters, known),
    devices: readDevices(vm),
    snapshots: readSnapshots(vm),
    platform: { vendor: 'hyperv', generation: vm.generation, ...defined({ hardwareVersion: vm.version ?? undefined }) },
    placement: { host: host.name, ...(cluster !== undefined && cluster !== '' && { cluster }) },
    ...defined({ availability: readAvailability(vm, known) }),
    extras: readExtras(vm),
  };
}

function isReadable({ state, unread }: Vm): boolean {
  return !isCritical(state) && !(unread ?? []).some((cmdlet) => ESSENTIAL.has(cmdlet));
}

const KINDS: Readonly<Record<Vm['checkpoints'][number]['type'], Snapshot['kind']>> = {
  Standard: 'standard',
  Production: 'production',
  Recovery: 'recovery',
  Replica: 'replica',
  Planned: undefined,
  Missing: undefined,
  Unknown: undefined,
};

function readSnapshots({ checkpoints, unread }: Vm): Snapshots {
  if (unread?.includes('Get-VMSnapshot') === true) return {};
  const list = checkpoints
    .map(({ name, type, automatic, createdAt }) => ({
      name,
      ...defined({ kind: automatic === true ? ('automatic' as const) : KINDS[type], createdAt: createdAt ?? undefined }),
    }))
    .toSorted((a, b) => compare(a.createdAt ?? '', b.createdAt ?? ''));
  return { count: list.length, ...(list.length > 0 && { list }) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const AUTO_STARTS: Readonly<Record<NonNullable<Vm['automaticStart']>, Availability['autoStart']>> = {
  Nothing: 'never',
  StartIfRunning: 'if-was-running',
  Start: 'always',
  Unknown: undefined,
};

function readAvailability(vm: Vm, { roles }: KnownHost): Availability | undefined {
  const role = roles.get(vm.id);
  const found = defined({
    highAvailability: role === undefined ? (vm.clustered ?? undefined) : true,
    restartPriority: typeof role?.priority === 'number' ? String(role.priority) : undefined,
    clusterRole: role?.group,
    replication: readReplication(vm),
    autoStart: AUTO_STARTS[vm.automaticStart ?? 'Unknown'],
  });
  return Object.keys(found).length === 0 ? undefined : found;
}

/** A test of a failover (`TestReplica`) is a copy as well. */
function readReplication({ replication }: Vm): Availability['replication'] {
  if (replication === null || replication === undefined) return undefined;
  const mode = { Primary: 'primary', ExtendedReplica: 'extended-replica' } as const;
  return { mode: mode[replication.mode as keyof typeof mode] ?? 'replica', state: replication.state };
}
