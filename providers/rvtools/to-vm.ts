/** The rows of one VM → SourceVm. Pure. What the export does not say stays undefined. */
import type { Availability } from '../../src/model/availability.ts';
import { parseUuid } from '../../src/model/units.ts';
import type {
  Cdrom,
  Cpu,
  Disk,
  Firmware,
  Guest,
  GuestFilesystem,
  Identity,
  Memory,
  OtherDevice,
  Placement,
  Platform,
  PowerState,
  Snapshots,
  SourceVm,
  Tag,
} from '../../src/model/vm.ts';
import { count, flag, mebibytes, number, text } from './cells.ts';
import { diskKeysOf, readDisks } from './disks.ts';
import { readExtras } from './extras.ts';
import type { Row, VmRows } from './fleet.ts';
import { readNics } from './nics.ts';
import type { PortGroups } from './port-groups.ts';

export function toVm(rows: VmRows, portGroups: PortGroups): SourceVm {
  const { info, id } = rows;
  const name = text(info.vm) ?? id;
  const power = readPower(text(info.power));
  const connection = readConnection(text(info.connection));
  const isTemplate = flag(info.template);
  const notes = text(info.notes);
  const { controllers, disks } = readDisks(rows);
  const nics = readNics(rows, portGroups);
  const placement = readPlacement(rows);
  const availability = readAvailability(rows);
  const { tags, attributes } = readAttributes(rows);
  return {
    ref: { id, name },
    name,
    ...(power !== undefined && { power }),
    ...(connection !== undefined && { connection }),
    ...(isTemplate !== undefined && { isTemplate }),
    ...(notes !== undefined && { notes }),
    cpu: readCpu(rows),
    memory: readMemory(rows),
    firmware: readFirmware(rows),
    identity: readIdentity(rows),
    clock: {},
    guest: readGuest(rows, disks),
    controllers,
    disks,
    cdroms: readCdroms(rows),
    nics,
    devices: readDevices(rows),
    snapshots: readSnapshots(rows),
    platform: readPlatform(rows),
    ...(placement !== undefined && { placement }),
    ...(availability !== undefined && { availability }),
    ...(tags.length > 0 && { tags }),
    ...(attributes !== undefined && { attributes }),
    extras: readExtras(rows, nics),
  };
}

/** vSphere VirtualMachinePowerState. */
function readPower(word: string | undefined): PowerState | undefined {
  const state = word?.toLowerCase().replaceAll(/\s/g, '');
  if (state === 'poweredon') return 'on';
  if (state === 'poweredoff') return 'off';
  return state === 'suspended' ? 'suspended' : undefined;
}

/** vSphere VirtualMachineConnectionState. */
const CONNECTIONS = ['connected', 'disconnected', 'inaccessible', 'invalid', 'orphaned'] as const;

function readConnection(word: string | undefined): SourceVm['connection'] {
  return CONNECTIONS.find((state) => state === word?.toLowerCase());
}

/** vSphere VirtualMachineFaultToleranceState and HA protection. */
function readAvailability({ info }: VmRows): Availability | undefined {
  const state = text(info.faultTolerance);
  const highAvailability = flag(info.das);
  const restartPriority = text(info.haPriority);
  const availability = {
    ...(state !== undefined && { faultTolerance: !/^notConfigured$/i.test(state) }),
    ...(highAvailability !== undefined && { highAvailability }),
    ...(restartPriority !== undefined && { restartPriority }),
  };
  return Object.keys(availability).length === 0 ? undefined : availability;
}

function readCpu({ info, vCPU }: VmRows): Cpu {
  const row = vCPU?.[0];
  const cpus = count(info.cpus);
  const sockets = count(row?.sockets);
  const perSocket = count(row?.coresPerSocket) ?? (cpus && sockets && cpus % sockets === 0 ? cpus / sockets : undefined);
  const hotAdd = flag(row?.hotAdd);
  const hotRemove = flag(row?.hotRemove);
  const shares = count(row?.shares);
  const reservation = number(row?.reservation);
  const limit = number(row?.limit);
  const latency = text(info.latency);
  return {
    ...(cpus !== undefined && { count: cpus }),
    ...(perSocket !== undefined && perSocket > 0 && { coresPerSocket: perSocket }),
    ...(hotAdd !== undefined && { hotAdd }),
    ...(hotRemove !== undefined && { hotRemove }),
    ...(shares !== undefined && { shares }),
    ...(reservation !== undefined && reservation >= 0 && { reservationMhz: reservation }),
    ...(limit !== undefined && limit >= 0 && { limitMhz: limit }),
    ...(latency !== undefined && latency.toLowerCase() !== 'normal' && { latencySensitivity: latency }),
  };
}

function readMemory({ info, vMemory }: VmRows): Memory {
  const row = vMemory?.[0];
  const size = mebibytes(info.memory);
  const hotAdd = flag(row?.hotAdd);
  const reservationLocked = flag(row?.locked);
  const shares = count(row?.shares);
  const ballooned = mebibytes(row?.ballooned);
  const reservation = mebibytes(row?.reservation);
  const limit = mebibytes(row?.limit);
  return {
    ...(size !== undefined && { size }),
    ...(hotAdd !== undefined && { hotAdd }),
    ...(reservation !== undefined && { reservation }),
    ...(limit !== undefined && { limit }),
    ...(reservationLocked !== undefined && { reservationLocked }),
    ...(shares !== undefined && { shares }),
    ...(ballooned !== undefined && { ballooned }),
  };
}

/** RVTools does not tell whether there is a TPM. */
function readFirmware({ info }: VmRows): Firmware {
  const word = text(info.firmware)?.toLowerCase();
  const kind = word === 'bios' ? 'bios' : word === 'efi' || word === 'uefi' ? 'uefi' : undefined;
  const secureBoot = flag(info.secureBoot);
  return { ...(kind !== undefined && { kind }), ...(secureBoot !== undefined && { secureBoot }) };
}

function readIdentity({ info }: VmRows): Identity {
  const biosUuid = parseUuid(text(info.smbiosUuid) ?? '');
  const instanceUuid = parseUuid(text(info.vmUuid) ?? '');
  return { ...(biosUuid !== undefined && { biosUuid }), ...(instanceUuid !== undefined && { instanceUuid }) };
}

function readGuest(rows: VmRows, disks: readonly Disk[]): Guest {
  const { info, vTools, vPartition } = rows;
  const osName = text(info.os) ?? text(info.osTools);
  const hostname = text(info.dnsName);
  const tools = readTools(vTools?.[0]);
  const filesystems = (vPartition ?? [])
    .map((row) => readFilesystem(row, diskKeysOf(row, rows, disks)))
    .filter((filesystem) => filesystem !== undefined);
  return {
    ...(osName !== undefined && { osName }),
    ...(hostname !== undefined && { hostname }),
    ...(tools !== undefined && { tools }),
    ...(filesystems.length > 0 && { filesystems }),
  };
}

/** `toolsOk`, `toolsOld`, `toolsNotRunning`, `toolsNotInstalled`. Version 2147483647 stands for tools of the guest's own distribution. */
function readTools(row: Row<'vTools'> | undefined): Guest['tools'] {
  const status = text(row?.status);
  if (status === undefined) return undefined;
  const installed = !/notinstalled/i.test(status);
  const version = text(row?.version);
  const known = installed && version !== undefined && version !== '0' && version !== '2147483647';
  const running = /^tools(?:ok|old)$/i.test(status) ? true : /notrunning|notinstalled/i.test(status) ? false : undefined;
  const outdated = flag(row?.upgradeable);
  const timeSync = flag(row?.syncTime);
  return {
    installed,
    ...(known && { version }),
    ...(running !== undefined && { running }),
    ...(outdated !== undefined && { outdated }),
    ...(timeSync !== undefined && { timeSync }),
  };
}

function readFilesystem(row: Row<'vPartition'>, disks: readonly string[]): GuestFilesystem | undefined {
  const path = text(row.path);
  if (path === undefined) return undefined;
  const capacity = mebibytes(row.capacity);
  const free = mebibytes(row.free);
  return {
    path,
    ...(capacity !== undefined && { capacity }),
    ...(free !== undefined && { free }),
    ...(disks.length > 0 && { disks }),
  };
}

/** The device type says what is in the drive: `ISO [datastore] tools.iso`; drives of a client or host are as good as empty. */
function readCdroms({ vCD }: VmRows): readonly Cdrom[] {
  return (vCD ?? []).map((row, index) => {
    const type = text(row.type);
    const media = type === undefined || /remote|client/i.test(type) ? undefined : type.replace(/^ISO\s+/i, '');
    const connected = flag(row.connected);
    return {
      key: `cdrom${index}`,
      ...(media !== undefined && { media }),
      ...(connected !== undefined && { connected }),
    };
  });
}

function readDevices({ vUSB, vFloppy }: VmRows): readonly OtherDevice[] {
  const label = (row: { label: unknown; type: unknown }): string => {
    const parts = [row.label, row.type].filter((part) => part !== undefined && part !== '');
    return parts.join(': ') || 'device';
  };
  return [
    ...(vUSB ?? []).map((row): OtherDevice => ({ kind: 'usb-device', label: label(row) })),
    ...(vFloppy ?? []).map((row): OtherDevice => ({ kind: 'floppy', label: label(row) })),
  ];
}

function readSnapshots({ info, vSnapshot }: VmRows): Snapshots {
  const consolidationNeeded = flag(info.consolidation);
  const list = (vSnapshot ?? []).map((row) => ({ name: text(row.name) ?? '' }));
  return {
    ...(vSnapshot !== undefined && { count: vSnapshot.length }),
    ...(consolidationNeeded !== undefined && { consolidationNeeded }),
    ...(list.length > 0 && { list }),
  };
}

/** RVTools writes `vmx-19` or `19`. */
function readPlatform({ info }: VmRows): Platform {
  const version = text(info.hardware);
  if (version === undefined) return { vendor: 'vmware', writtenBy: 'RVTools' };
  return { vendor: 'vmware', hardwareVersion: /^\d+$/.test(version) ? `vmx-${version}` : version, writtenBy: 'RVTools' };
}

function readPlacement({ info }: VmRows): Placement | undefined {
  const named = Object.entries({
    datacenter: text(info.datacenter),
    cluster: text(info.cluster),
    host: text(info.host),
    folder: text(info.folder),
    resourcePool: text(info.pool),
    vApp: text(info.vApp),
  }).filter(([, name]) => name !== undefined);
  return named.length === 0 ? undefined : Object.fromEntries(named);
}

/** RVTools writes tag categories like custom attributes; only with database column names are they told apart (`vInfo_tags_Team`). */
function readAttributes({ attributes }: VmRows): { readonly tags: readonly Tag[]; readonly attributes?: Record<string, string> } {
  const tags: Tag[] = [];
  const others: [string, string][] = [];
  for (const [title, value] of attributes) {
    const category = /^(?:vInfo_)?tags?[_:]\s*(.+)$/i.exec(title)?.[1];
    if (category === undefined) others.push([title.replace(/^vInfo_/, ''), value]);
    else tags.push(...value.split(/\s*[,;]\s*/).map((name) => ({ category, name })));
  }
  return { tags, ...(others.length > 0 && { attributes: Object.fromEntries(others) }) };
}
