/** What a host says of a VM, of its disks and of its adapters. */
import { z } from 'zod';
import { Count, Flag, Guid, Maybe, Size, Text } from './values.ts';

export const Image = z.object({
  path: Text,
  format: z.enum(['VHD', 'VHDX', 'VHDSet', 'Unknown']),
  type: z.enum(['Fixed', 'Dynamic', 'Differencing', 'Unknown']),
  size: Maybe(Size),
  fileSize: Maybe(Size),
  blockSize: Maybe(Count),
  logicalSectorSize: Maybe(Count),
  physicalSectorSize: Maybe(Count),
  identifier: Maybe(Text),
  attached: Maybe(Flag),
  pmem: Maybe(Flag),
  /** Of the file's last write. */
  writtenAt: Maybe(Text),
  /** Why the file could not be looked at; the rest is unknown then. */
  unreadable: Maybe(Text),
});
export type Image = z.infer<typeof Image>;

export const HardDisk = z.object({
  /** `Msvm_…` instance id of the drive. */
  id: Text,
  controllerType: z.enum(['IDE', 'SCSI', 'PMEM', 'Unknown']),
  controllerNumber: Count,
  controllerLocation: Count,
  path: Maybe(Text),
  /** Of a pass-through disk: its number at the host, its bytes, and the name by which arrays and hosts know it (NAA, EUI or a serial number). */
  diskNumber: Maybe(Count),
  size: Maybe(Size),
  uniqueId: Maybe(Text),
  shared: Maybe(Flag),
  pool: Maybe(Text),
  maximumIops: Maybe(Size),
  minimumIops: Maybe(Size),
  qosPolicy: Maybe(Text),
  /** The image that the guest writes, then its parents, nearest first; empty for a pass-through disk. */
  chain: z.array(Image),
});
export type HardDisk = z.infer<typeof HardDisk>;

export const Adapter = z.object({
  id: Text,
  name: Text,
  mac: Maybe(Text),
  dynamicMac: Maybe(Flag),
  legacy: Flag,
  connected: Maybe(Flag),
  switchId: Maybe(Guid),
  switchName: Maybe(Text),
  addresses: z.array(Text),
  macSpoofing: Maybe(Flag),
  teaming: Maybe(Flag),
  iovWeight: Maybe(Count),
  deviceNaming: Maybe(Flag),
  dhcpGuard: Maybe(Flag),
  routerGuard: Maybe(Flag),
  portMirroring: Maybe(z.enum(['None', 'Source', 'Destination'])),
  maximumBandwidth: Maybe(Size),
  minimumBandwidth: Maybe(Size),
  virtualSubnet: Maybe(Count),
  vlan: Maybe(
    z.object({
      mode: z.enum(['Untagged', 'Access', 'Trunk', 'Private', 'Unknown']),
      access: Maybe(Count),
      native: Maybe(Count),
      /** `100-200,300` */
      allowed: Maybe(Text),
      privateMode: Maybe(z.enum(['Isolated', 'Community', 'Promiscuous', 'Unknown'])),
      primary: Maybe(Count),
      secondary: Maybe(Count),
    }),
  ),
  isolation: Maybe(
    z.object({ mode: z.enum(['None', 'NativeVirtualSubnet', 'ExternalVirtualSubnet', 'Vlan', 'Unknown']), id: Maybe(Count) }),
  ),
  /** `Msvm_GuestNetworkAdapterConfiguration`, while the guest runs. */
  guest: Maybe(
    z.object({
      dhcp: Maybe(Flag),
      /** `origin`: 0 unknown, 1 other, 2 static, 3 DHCP, 4 link layer, 5 random. */
      addresses: z.array(z.object({ address: Text, subnet: Maybe(Text), origin: Maybe(Count) })),
      gateways: z.array(Text),
      dns: z.array(Text),
    }),
  ),
});
export type Adapter = z.infer<typeof Adapter>;

export const Vm = z.object({
  id: Guid,
  name: Text,
  /** `Get-VM` State by its English name: `Off`, `Running`, `Saved`, `Paused`, … */
  state: Text,
  generation: z.union([z.literal(1), z.literal(2)]),
  version: Maybe(Text),
  notes: Maybe(Text),
  path: Maybe(Text),
  host: Text,
  clustered: Maybe(Flag),
  uptimeSeconds: Maybe(Count),
  automaticStart: Maybe(z.enum(['Nothing', 'StartIfRunning', 'Start', 'Unknown'])),
  automaticStop: Maybe(z.enum(['TurnOff', 'Save', 'ShutDown', 'Unknown'])),
  startDelaySeconds: Maybe(Count),
  checkpointType: Maybe(z.enum(['Disabled', 'Production', 'ProductionOnly', 'Standard', 'Unknown'])),
  replication: Maybe(z.object({ mode: Text, state: Text })),
  createdAt: Maybe(Text),
  processor: z.object({
    count: Count,
    threadsPerCore: Maybe(Count),
    maximumPerNumaNode: Maybe(Count),
    maximumPerNumaSocket: Maybe(Count),
    nested: Maybe(Flag),
    compatibilityForMigration: Maybe(Flag),
    reservePercent: Maybe(z.number()),
    limitPercent: Maybe(z.number()),
    weight: Maybe(Count),
  }),
  memory: z.object({
    startup: Size,
    dynamic: Flag,
    minimum: Maybe(Size),
    maximum: Maybe(Size),
    buffer: Maybe(Count),
    priority: Maybe(Count),
    assigned: Maybe(Size),
  }),
  identity: z.object({
    biosGuid: Maybe(Text),
    biosSerial: Maybe(Text),
    baseBoardSerial: Maybe(Text),
    chassisSerial: Maybe(Text),
    assetTag: Maybe(Text),
  }),
  /** Generation 2. Boot devices: disks and DVD drives by slot (`scsi0:1`), network adapters by id, files by the description that Windows gives. */
  firmware: Maybe(
    z.object({
      secureBoot: Maybe(Flag),
      template: Maybe(Text),
      templateId: Maybe(Guid),
      bootOrder: z.array(z.object({ kind: z.enum(['disk', 'dvd', 'network', 'file', 'other']), device: Maybe(Text) })),
      networkProtocol: Maybe(Text),
      consoleMode: Maybe(Text),
    }),
  ),
  /** Generation 1: `CD`, `IDE`, `LegacyNetworkAdapter`, `Floppy`. */
  bios: Maybe(z.object({ startupOrder: z.array(Text), numLock: Maybe(Flag) })),
  security: Maybe(
    z.object({
      tpm: Maybe(Flag),
      shielded: Maybe(Flag),
      encryptedState: Maybe(Flag),
      vbsOptOut: Maybe(Flag),
      isolation: Maybe(Text),
    }),
  ),
  scsiControllers: Count,
  disks: z.array(HardDisk),
  dvds: z.array(
    z.object({
      id: Text,
      controllerType: z.enum(['IDE', 'SCSI', 'Unknown']),
      controllerNumber: Count,
      controllerLocation: Count,
      path: Maybe(Text),
    }),
  ),
  adapters: z.array(Adapter),
  /** Everything else that is plugged in; `label` says which. */
  devices: z.array(z.object({ kind: z.enum(['fibre-channel', 'dda', 'gpu-partition', 'com-port', 'floppy']), label: Text })),
  /** Integration services, by the GUID of each component (their names are in the host's language). */
  integration: z.array(z.object({ id: Guid, enabled: Flag, ok: Maybe(Flag) })),
  /** What the guest says of itself (`GuestIntrinsicExchangeItems`), by name: `OSName`, `OSVersion`, `FullyQualifiedDomainName`, … */
  kvp: z.record(z.string(), z.string()),
  checkpoints: z.array(
    z.object({
      id: Guid,
      name: Text,
      type: z.enum(['Standard', 'Production', 'Recovery', 'Replica', 'Planned', 'Missing', 'Unknown']),
      automatic: Maybe(Flag),
      parent: Maybe(Guid),
      createdAt: Maybe(Text),
    }),
  ),
  /** Cmdlets that failed for this VM: what they tell is unknown, and a list that is empty for it means nothing. */
  unread: Maybe(z.array(Text)),
});
export type Vm = z.infer<typeof Vm>;
