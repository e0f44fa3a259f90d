/**
 * What a host says of itself and of a machine, in the form that the scripts answer. Written down here once more, so that a change of the contract
 * on one side alone is seen (hyperv.test.ts holds both together).
 */
import { createHash } from 'node:crypto';

export interface ImageFacts {
  readonly path: string;
  readonly format: 'VHD' | 'VHDX' | 'VHDSet' | 'Unknown';
  readonly type: 'Fixed' | 'Dynamic' | 'Differencing' | 'Unknown';
  readonly size?: string;
  readonly fileSize?: string;
  readonly blockSize?: number;
  readonly logicalSectorSize?: number;
  readonly physicalSectorSize?: number;
  readonly identifier?: string;
  readonly attached?: boolean;
  readonly pmem?: boolean;
  readonly writtenAt?: string;
  readonly unreadable?: string;
}

export interface DriveFacts {
  readonly id: string;
  readonly controllerType: 'IDE' | 'SCSI' | 'PMEM' | 'Unknown';
  readonly controllerNumber: number;
  readonly controllerLocation: number;
  readonly path?: string | null;
  readonly diskNumber?: number;
  readonly shared?: boolean;
  readonly pool?: string;
  readonly maximumIops?: string;
  readonly minimumIops?: string;
  readonly qosPolicy?: string;
  readonly chain: readonly ImageFacts[];
}

export interface AdapterFacts {
  readonly id: string;
  readonly name: string;
  readonly mac?: string;
  readonly dynamicMac?: boolean;
  readonly legacy: boolean;
  readonly connected?: boolean;
  readonly switchId?: string | null;
  readonly switchName?: string | null;
  readonly addresses: readonly string[];
  readonly macSpoofing?: boolean;
  readonly teaming?: boolean;
  readonly iovWeight?: number;
  readonly deviceNaming?: boolean;
  readonly dhcpGuard?: boolean;
  readonly routerGuard?: boolean;
  readonly portMirroring?: 'None' | 'Source' | 'Destination';
  readonly maximumBandwidth?: string;
  readonly minimumBandwidth?: string;
  readonly virtualSubnet?: number;
  readonly vlan?: {
    readonly mode: 'Untagged' | 'Access' | 'Trunk' | 'Private' | 'Unknown';
    readonly access?: number;
    readonly native?: number;
    readonly allowed?: string;
    readonly privateMode?: 'Isolated' | 'Community' | 'Promiscuous' | 'Unknown';
    readonly primary?: number;
    readonly secondary?: number;
  };
  readonly isolation?: {
    readonly mode: 'None' | 'NativeVirtualSubnet' | 'ExternalVirtualSubnet' | 'Vlan' | 'Unknown';
    readonly id?: number;
  };
  readonly guest?: {
    readonly dhcp?: boolean;
    readonly addresses: readonly { readonly address: string; readonly subnet?: string; readonly origin?: number }[];
    readonly gateways: readonly string[];
    readonly dns: readonly string[];
  };
}

export interface CheckpointFacts {
  readonly id: string;
  readonly name: string;
  readonly type: 'Standard' | 'Production' | 'Recovery' | 'Replica' | 'Planned' | 'Missing' | 'Unknown';
  readonly automatic?: boolean;
  readonly parent?: string | null;
  readonly createdAt?: string;
}

/** What stays the same while a machine runs; state, host, disks and checkpoints are the model's (machine.ts). */
export interface VmFacts {
  readonly name: string;
  readonly generation: 1 | 2;
  readonly version: string;
  readonly notes?: string | null;
  readonly path?: string;
  readonly automaticStart: 'Nothing' | 'StartIfRunning' | 'Start' | 'Unknown';
  readonly automaticStop: 'TurnOff' | 'Save' | 'ShutDown' | 'Unknown';
  readonly startDelaySeconds?: number;
  readonly checkpointType: 'Disabled' | 'Production' | 'ProductionOnly' | 'Standard' | 'Unknown';
  readonly replication?: { readonly mode: string; readonly state: string } | null;
  readonly createdAt?: string;
  readonly processor: {
    readonly count: number;
    readonly threadsPerCore?: number;
    readonly maximumPerNumaNode?: number;
    readonly maximumPerNumaSocket?: number;
    readonly nested?: boolean;
    readonly compatibilityForMigration?: boolean;
    readonly reservePercent?: number;
    readonly limitPercent?: number;
    readonly weight?: number;
  };
  readonly memory: {
    readonly startup: string;
    readonly dynamic: boolean;
    readonly minimum?: string;
    readonly maximum?: string;
    readonly buffer?: number;
    readonly priority?: number;
    readonly assigned?: string;
  };
  readonly identity: {
    readonly biosGuid?: string;
    readonly biosSerial?: string;
    readonly baseBoardSerial?: string;
    readonly chassisSerial?: string;
    readonly assetTag?: string;
  };
  readonly firmware?: {
    readonly secureBoot?: boolean;
    readonly template?: string;
    readonly templateId?: string;
    readonly bootOrder: readonly { readonly kind: 'disk' | 'dvd' | 'network' | 'file' | 'other'; readonly device?: string }[];
    readonly networkProtocol?: string;
    readonly consoleMode?: string;
  } | null;
  readonly bios?: { readonly startupOrder: readonly string[]; readonly numLock?: boolean } | null;
  readonly security?: {
    readonly tpm?: boolean;
    readonly shielded?: boolean;
    readonly encryptedState?: boolean;
    readonly vbsOptOut?: boolean;
    readonly isolation?: string;
  };
  readonly scsiControllers: number;
  readonly dvds: readonly {
    readonly id: string;
    readonly controllerType: 'IDE' | 'SCSI' | 'Unknown';
    readonly controllerNumber: number;
    readonly controllerLocation: number;
    readonly path?: string | null;
  }[];
  readonly adapters: readonly AdapterFacts[];
  readonly devices: readonly {
    readonly kind: 'fibre-channel' | 'dda' | 'gpu-partition' | 'com-port' | 'floppy';
    readonly label: string;
  }[];
  readonly kvp: Readonly<Record<string, string>>;
}

export interface SwitchFacts {
  readonly id: string;
  readonly name: string;
  readonly type: 'External' | 'Internal' | 'Private' | 'Unknown';
  readonly description?: string;
  readonly embeddedTeaming?: boolean;
  readonly iov?: boolean;
}

export interface VolumeFacts {
  readonly path: string;
  readonly label?: string;
  readonly kind: 'local' | 'csv';
  readonly fileSystem?: string;
  readonly size?: string;
  readonly free?: string;
  readonly owner?: string;
}

export interface ShareFacts {
  readonly name: string;
  readonly path: string;
  readonly special: boolean;
}

const GiB = 1024 ** 3;

/** A GUID that is the same for the same name. */
export function guid(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const LAN: SwitchFacts = {
  id: guid('switch LAN'),
  name: 'LAN',
  type: 'External',
  description: 'Intel(R) Ethernet',
  embeddedTeaming: false,
  iov: false,
};

/** Facts of a machine, ordinary where nothing is said: generation 2, two processors, 2 GiB, one adapter on the switch LAN, Windows. */
export function vmOf(facts: Partial<VmFacts> & Pick<VmFacts, 'name'>): VmFacts {
  const id = guid(facts.name);
  const generation = facts.generation ?? 2;
  const boot =
    generation === 2
      ? {
          firmware: {
            secureBoot: true,
            template: 'MicrosoftWindows',
            templateId: '1734c6e8-3154-4dda-ba5f-a874cc483422',
            bootOrder: [{ kind: 'disk' as const, device: 'SCSI 0:0' }, { kind: 'network' as const }],
            networkProtocol: 'IPv4',
            consoleMode: 'Default',
          },
        }
      : { bios: { startupOrder: ['CD', 'IDE', 'LegacyNetworkAdapter', 'Floppy'], numLock: false } };
  return {
    generation,
    version: '10.0',
    path: `C:\\VMs\\${facts.name}`,
    automaticStart: 'StartIfRunning',
    automaticStop: 'Save',
    startDelaySeconds: 0,
    checkpointType: 'Production',
    createdAt: '2025-03-04T05:06:07Z',
    processor: {
      count: 2,
      threadsPerCore: 1,
      nested: false,
      compatibilityForMigration: false,
      reservePercent: 0,
      limitPercent: 100,
    },
    memory: { startup: String(2 * GiB), dynamic: false, assigned: String(2 * GiB) },
    identity: { biosGuid: guid(`${facts.name} bios`).toUpperCase(), biosSerial: `1234-${id.slice(0, 4)}` },
    ...boot,
    security: { tpm: false, shielded: false, encryptedState: false, vbsOptOut: false },
    scsiControllers: 1,
    dvds: [],
    adapters: [adapterOf(facts.name)],
    devices: [],
    kvp: {
      OSName: 'Windows Server 2022 Standard',
      OSVersion: '10.0.20348',
      FullyQualifiedDomainName: `${facts.name}.example.org`,
      ProcessorArchitecture: '9',
    },
    ...facts,
  };
}

/** An adapter on the switch LAN. @param seed of its ids and address */
export function adapterOf(seed: string, facts: Partial<AdapterFacts> = {}): AdapterFacts {
  const hex = createHash('sha256').update(seed).digest('hex').toUpperCase();
  const address = `192.0.2.${1 + (Number.parseInt(hex.slice(0, 4), 16) % 250)}`;
  return {
    id: `Microsoft:${guid(seed).toUpperCase()}\\${guid(`${seed} adapter`).toUpperCase()}`,
    name: 'Network Adapter',
    mac: `00155D${hex.slice(0, 6)}`,
    dynamicMac: true,
    legacy: false,
    connected: true,
    switchId: LAN.id,
    switchName: LAN.name,
    addresses: [address],
    macSpoofing: false,
    teaming: false,
    iovWeight: 0,
    deviceNaming: false,
    vlan: { mode: 'Untagged' },
    isolation: { mode: 'None', id: 0 },
    guest: {
      dhcp: false,
      addresses: [{ address, subnet: '255.255.255.0', origin: 2 }],
      gateways: ['192.0.2.254'],
      dns: ['192.0.2.253'],
    },
    ...facts,
  };
}
