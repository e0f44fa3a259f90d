/**
 * What each script is told (one JSON document) and what it answers (another one). The scripts run on the Hyper-V host in Windows PowerShell 5.1;
 * their texts lie beside this file, under these names. The rules that keep 5.1 from bending the answers:
 *
 *  - lists are lists, also with one or no entry; numbers above 2^53 and all ids, dates and enums are strings; what is unknown is absent or null
 *  - ids are GUIDs in lower case without braces; MAC addresses are twelve hexadecimal digits; dates are ISO 8601 in UTC
 *  - bytes and sizes are decimal strings (uint64 of the cmdlets)
 *  - texts of the host that people read may be in any language, and decide nothing
 *
 * A script that fails answers `Failed`, and nothing else.
 */
import { z } from 'zod';

const Text = z.string();
const Maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();
/** Decimal digits of an uint64. */
const Size = z.string().regex(/^\d{1,20}$/);
const Count = z.number().int().nonnegative();
const Flag = z.boolean();
const Guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

/** `code`: ours where the script knows what happened, else `failed`. Category and id are PowerShell's own, in no language. */
export const Failed = z.object({
  failed: z.object({
    code: z.enum([
      'failed',
      'vm-not-found',
      'vm-elsewhere',
      'access-denied',
      'checkpoint-not-found',
      'job-failed',
      'tracking-unknown',
      'tracking-unavailable',
      'guest-not-reachable',
      'busy',
      'module-missing',
    ]),
    message: Text,
    category: Maybe(Text),
    errorId: Maybe(Text),
    /** Of a job of the virtualization API: `Msvm_ConcreteJob.ErrorCode`. */
    jobError: Maybe(z.number().int()),
  }),
});
export type Failed = z.infer<typeof Failed>;

// ── surroundings ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const Switch = z.object({
  id: Guid,
  name: Text,
  type: z.enum(['External', 'Internal', 'Private', 'Unknown']),
  description: Maybe(Text),
  embeddedTeaming: Maybe(Flag),
  iov: Maybe(Flag),
});
export type Switch = z.infer<typeof Switch>;

export const Volume = z.object({
  /** Where it is found: `C:\`, `C:\ClusterStorage\Volume1\`, a mount folder. Ends with a backslash. */
  path: Text,
  label: Maybe(Text),
  kind: z.enum(['local', 'csv']),
  fileSystem: Maybe(Text),
  size: Maybe(Size),
  free: Maybe(Size),
  /** Of a cluster shared volume: the node that coordinates it. */
  owner: Maybe(Text),
});
export type Volume = z.infer<typeof Volume>;

/** `Get-SmbShare`, those that lead to a folder. Administrative ones (`C$`) too. */
export const Share = z.object({ name: Text, path: Text, special: Flag });
export type Share = z.infer<typeof Share>;

/** `host`: the machine that is connected to. Told nothing. */
export const Host = z.object({
  name: Text,
  fqdn: Maybe(Text),
  /** `10.0.20348` and its words. */
  version: Text,
  product: Maybe(Text),
  powershell: Maybe(Text),
  /** Configuration versions that it can run, highest last. */
  vmVersions: Maybe(z.array(Text)),
  logicalProcessors: Maybe(Count),
  memory: Maybe(Size),
  hyperv: Flag,
  /** Who is logged in, and what of it counts. */
  user: Maybe(Text),
  isAdministrator: Maybe(Flag),
  isHyperVAdministrator: Maybe(Flag),
  switches: z.array(Switch),
  volumes: z.array(Volume),
  shares: z.array(Share),
  /** Absent for a host that stands alone. `readable` false: it is a node, but this user may not ask the cluster. */
  cluster: Maybe(
    z.object({
      name: Text,
      readable: Flag,
      nodes: z.array(z.object({ name: Text, fqdn: Maybe(Text), state: z.enum(['Up', 'Down', 'Paused', 'Joining', 'Unknown']) })),
      /** Roles of virtual machines: where each runs now, by VM id. */
      roles: z.array(
        z.object({ vm: Guid, group: Text, owner: Text, priority: Maybe(Count), antiAffinity: Maybe(z.array(Text)) }),
      ),
    }),
  ),
});
export type Host = z.infer<typeof Host>;

// ── virtual machines ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

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

/** `vms`: all VMs of the host, or those of `ids` that it has. */
const VmsInput = z.object({ ids: z.array(Guid).optional() });
const Vms = z.object({ vms: z.array(Vm) });

// ── what a migration does ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * `power`. `shutdown` asks the guest through its integration service and returns at once; `turn-off` cuts the power, `start` starts. Each
 * returns the state after it. Fails with `vm-not-found`, `guest-not-reachable` (no shutdown service), `busy`.
 */
const PowerInput = z.object({ vm: Guid, action: z.enum(['state', 'shutdown', 'turn-off', 'start']) });
const Power = z.object({ state: Text });

/** Disks of a VM (`checkpoint` absent), or as a checkpoint froze them. */
const DisksInput = z.object({ vm: Guid, checkpoint: z.string().optional() });
const Disks = z.object({ disks: z.array(HardDisk) });

/**
 * `checkpoint`: recovery checkpoints of ours, told from those of others by their name.
 * `create` finds one of this name or makes it and waits; `find` looks; `remove` destroys it and merges, and with it a reference point of this name that a lost `settle` made of it; `settle` converts it to a reference
 * point of the same name, or finds the one that an earlier call made of it. Fails with `job-failed`, `checkpoint-not-found` (remove and settle: it is
 * gone, and for settle so is what it became), `busy` (a backup is under way), `vm-not-found`, `vm-elsewhere`.
 */
const CheckpointInput = z.object({
  vm: Guid,
  action: z.enum(['create', 'find', 'remove', 'settle']),
  name: z.string(),
  /** Of remove and settle. */
  id: z.string().optional(),
  /** Of create: `application` asks the guest to flush, `crash` does not. */
  consistency: z.enum(['application', 'crash']).optional(),
});
const Checkpoint = z.object({
  /** `InstanceID` of the checkpoint's settings; absent: there is none of this name. */
  id: Maybe(Text),
  consistency: Maybe(z.enum(['application', 'crash'])),
  /** Of settle. */
  referencePoint: Maybe(
    z.object({
      id: Text,
      /** Drive id (`HardDisk.id`) and RCT id of each disk that is tracked. */
      disks: z.array(z.object({ drive: Text, rct: Text })),
    }),
  ),
});

/** `forget`: destroys reference points by their ids; those that are gone stay gone. */
const ForgetInput = z.object({ vm: Guid, referencePoints: z.array(z.string()) });
const Forget = z.object({ destroyed: z.array(Text) });

/**
 * `changes`: `GetVirtualDiskChanges` of one image of the chain from `offset` on; asked again from `processed` until the disk's end. Bytes of the virtual
 * disk, as decimal strings. Fails with `tracking-unknown` when the id is not known any more, `tracking-unavailable` when the call cannot be used.
 */
const ChangesInput = z.object({ vm: Guid, path: z.string(), since: z.string(), offset: Size, length: Size });
const Changes = z.object({
  /** Bytes from `offset` on that the ranges tell of. */
  processed: Size,
  ranges: z.array(z.tuple([Size, Size])),
});

/** `retire`: renames the VM, disconnects its adapters, forbids its automatic start; what is so already stays. */
const RetireInput = z.object({
  vm: Guid,
  name: z.string().optional(),
  disconnect: z.boolean(),
  noAutomaticStart: z.boolean(),
});
const Retire = z.object({ name: Text, disconnected: z.array(Text) });

/** Every script by its name. */
export const SCRIPTS = {
  host: { input: z.object({}), answer: Host },
  vms: { input: VmsInput, answer: Vms },
  power: { input: PowerInput, answer: Power },
  disks: { input: DisksInput, answer: Disks },
  checkpoint: { input: CheckpointInput, answer: Checkpoint },
  forget: { input: ForgetInput, answer: Forget },
  changes: { input: ChangesInput, answer: Changes },
  retire: { input: RetireInput, answer: Retire },
} as const;

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptInput<Name extends ScriptName> = z.input<(typeof SCRIPTS)[Name]['input']>;
export type ScriptAnswer<Name extends ScriptName> = z.output<(typeof SCRIPTS)[Name]['answer']>;
