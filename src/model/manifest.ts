/**
 * The target objects, typed: exactly the fields we write and no others. Literal unions stand where the API has a closed set,
 * so that a wrong bus or run strategy does not compile. Shapes follow kubevirt.io/v1 (KubeVirt 1.6 to 1.9) and core/v1.
 */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PersistentVolumeClaim {
  readonly apiVersion: 'v1';
  readonly kind: 'PersistentVolumeClaim';
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly accessModes: readonly AccessMode[];
    readonly volumeMode: VolumeMode;
    readonly storageClassName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

export type AccessMode = 'ReadWriteOnce' | 'ReadWriteMany' | 'ReadOnlyMany' | 'ReadWriteOncePod';
export type VolumeMode = 'Block' | 'Filesystem';

export type DiskBus = 'virtio' | 'scsi' | 'sata' | 'usb';
export type InterfaceModel = 'virtio' | 'e1000' | 'e1000e' | 'igb' | 'rtl8139' | 'ne2k_pci' | 'pcnet';
export type RunStrategy = 'Halted' | 'Always' | 'RerunOnFailure' | 'Manual' | 'Once';
export type EvictionStrategy = 'None' | 'LiveMigrate' | 'LiveMigrateIfPossible' | 'External';

export interface VirtualMachine {
  readonly apiVersion: 'kubevirt.io/v1';
  readonly kind: 'VirtualMachine';
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly runStrategy: RunStrategy;
    /** Instead of `domain.cpu` and `domain.memory`: KubeVirt refuses both together. */
    readonly instancetype?: { readonly kind: 'VirtualMachineClusterInstancetype'; readonly name: string };
    readonly preference?: { readonly kind: 'VirtualMachineClusterPreference'; readonly name: string };
    readonly template: {
      readonly metadata?: {
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: VirtualMachineInstanceSpec;
    };
  };
}

export interface VirtualMachineInstanceSpec {
  readonly architecture: 'amd64';
  readonly hostname?: string;
  readonly evictionStrategy?: EvictionStrategy;
  readonly affinity?: Affinity;
  readonly terminationGracePeriodSeconds?: number;
  readonly domain: Domain;
  readonly networks: readonly Network[];
  readonly volumes: readonly Volume[];
}

/** core/v1 pod affinity, as far as rules between VMs need it. */
export interface Affinity {
  readonly podAffinity?: PodAffinity;
  readonly podAntiAffinity?: PodAffinity;
}

export interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    /** 1–100. */
    readonly weight: number;
    readonly podAffinityTerm: PodAffinityTerm;
  }[];
}

export interface PodAffinityTerm {
  readonly labelSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly topologyKey: 'kubernetes.io/hostname';
}

export interface DomainCpu {
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  readonly maxSockets: number;
  /** `host-model`, `host-passthrough` or a name that libvirt knows; absent: what the cluster says. */
  readonly model?: string;
  readonly features?: readonly {
    readonly name: string;
    readonly policy: 'require' | 'optional' | 'disable' | 'forbid' | 'force';
  }[];
  readonly dedicatedCpuPlacement?: true;
  readonly isolateEmulatorThread?: true;
  readonly numa?: { readonly guestMappingPassthrough: Empty };
}

export interface DomainMemory {
  readonly guest: string;
  /** KubeVirt takes it only from 1 GiB on and in multiples of 2 MiB (pages of 1 GiB: of 1 GiB). */
  readonly maxGuest?: string;
  readonly hugepages?: { readonly pageSize: HugepageSize };
}

export type HugepageSize = '2Mi' | '1Gi';

/** The machines that KubeVirt offers on amd64. */
export type MachineType = 'q35' | `pc-q35-${string}`;

export interface Domain {
  /** Absent only beside an instance type. */
  readonly cpu?: DomainCpu;
  /** Absent only beside an instance type. */
  readonly memory?: DomainMemory;
  /** CPU in millicores (`1500m`), memory in bytes. */
  readonly resources?: {
    readonly requests?: { readonly cpu?: string; readonly memory?: string };
    readonly limits?: { readonly cpu?: string };
  };
  readonly machine: { readonly type: MachineType };
  readonly firmware: {
    readonly uuid?: string;
    readonly serial?: string;
    readonly bootloader:
      | { readonly bios: Record<string, never> }
      | { readonly efi: { readonly secureBoot: boolean; readonly persistent: boolean } };
  };
  readonly chassis?: { readonly asset?: string };
  /** `offsetSeconds`: the hardware clock's distance from UTC, where the source states a fixed one. */
  readonly clock?: ({ readonly utc: { readonly offsetSeconds?: number } } | { readonly timezone: string }) & {
    readonly timer?: ClockTimers;
  };
  readonly features: DomainFeatures;
  readonly devices: Devices;
}

export interface ClockTimers {
  readonly hpet?: { readonly present: boolean };
  readonly pit?: { readonly tickPolicy: 'delay' };
  readonly rtc?: { readonly tickPolicy: 'catchup' };
  readonly hyperv?: Record<string, never>;
}

export interface DomainFeatures {
  readonly acpi: Record<string, never>;
  readonly smm?: { readonly enabled: boolean };
  readonly hyperv?: HypervFeatures;
}

type Empty = Record<string, never>;

export interface HypervFeatures {
  readonly relaxed: Empty;
  readonly vapic: Empty;
  readonly vpindex: Empty;
  readonly spinlocks: { readonly spinlocks: number };
  readonly synic: Empty;
  readonly synictimer: { readonly direct: Empty };
  readonly runtime: Empty;
  readonly frequencies: Empty;
  readonly ipi: Empty;
  readonly tlbflush: Empty;
  readonly reset: Empty;
  /** Nested Hyper-V on Intel; KubeVirt then asks nodes for VMX by itself. */
  readonly evmcs?: Empty;
}

export interface Devices {
  readonly autoattachPodInterface: false;
  /** Virtio devices of the 0.9 kind beside the modern one, for guests with kernels before 3.x (EL5, EL6). */
  readonly useVirtioTransitional?: true;
  readonly disks: readonly DiskDevice[];
  readonly interfaces: readonly Interface[];
  readonly inputs: readonly { readonly name: string; readonly type: 'tablet'; readonly bus: 'usb' | 'virtio' }[];
  readonly rng: Empty;
  /** Written even when absent at the source, because a preference would switch one on (facts: preferences fill unset fields). */
  readonly tpm?: { readonly enabled?: boolean; readonly persistent?: boolean };
}

export type DiskDevice = {
  readonly name: string;
  readonly bootOrder?: number;
  readonly serial?: string;
  readonly shareable?: boolean;
  readonly cache?: 'none';
  readonly blockSize?: { readonly custom: { readonly logical: number; readonly physical: number } };
} & (
  | { readonly disk: { readonly bus: DiskBus } }
  /** SCSI commands of the guest reach the volume itself; `reservation`: persistent reservations too. */
  | { readonly lun: { readonly bus: 'scsi'; readonly reservation?: true } }
  | { readonly cdrom: { readonly bus: 'sata' | 'scsi' } }
);

export type Interface = {
  readonly name: string;
  /** Absent for SR-IOV: the guest sees the card itself. */
  readonly model?: InterfaceModel;
  readonly macAddress?: string;
  readonly state?: 'up' | 'down';
  /** One series with the disks' orders; only where the source boots from the network. */
  readonly bootOrder?: number;
} & InterfaceBinding;

/** `l2bridge` is the binding plugin for a primary user-defined network of OVN-Kubernetes. */
export type InterfaceBinding =
  | { readonly masquerade: Empty }
  | { readonly bridge: Empty }
  | { readonly sriov: Empty }
  | { readonly binding: { readonly name: 'l2bridge' } };

export type Network = { readonly name: string } & (
  | { readonly pod: Empty }
  | { readonly multus: { readonly networkName: string } }
);

export type Volume = { readonly name: string } & { readonly persistentVolumeClaim: { readonly claimName: string } };

/** k8s.cni.cncf.io/v1 of the Network Plumbing Working Group; read by Multus. */
export interface NetworkAttachmentDefinition {
  readonly apiVersion: 'k8s.cni.cncf.io/v1';
  readonly kind: 'NetworkAttachmentDefinition';
  readonly metadata: ObjectMeta;
  /** `config` is a CniConfig as JSON text. */
  readonly spec: { readonly config: string };
}

/** What stands in a NetworkAttachmentDefinition's `config`. `name` is the network's, not namespaced under OVN-Kubernetes. */
export type CniConfig = BridgeCniConfig | LocalnetCniConfig;

/** The bridge plugin of containernetworking/plugins 1.5 and later: an access port (`vlan`) or a trunk port (`vlanTrunk`), never both. */
export interface BridgeCniConfig {
  readonly cniVersion: '0.3.1';
  readonly name: string;
  readonly type: 'bridge';
  readonly bridge: string;
  /** 1–4094. */
  readonly vlan?: number;
  readonly vlanTrunk?: readonly ({ readonly id: number } | { readonly minID: number; readonly maxID: number })[];
  /** True keeps the bridge's default VLAN on the port, for untagged packets. */
  readonly preserveDefaultVlan?: boolean;
  /** Packets with another MAC address than the NIC's are dropped. */
  readonly macspoofchk: boolean;
  readonly mtu?: number;
}

/** OVN-Kubernetes, topology localnet (its multi-homing page). */
export interface LocalnetCniConfig {
  readonly cniVersion: '0.3.1';
  readonly name: string;
  readonly type: 'ovn-k8s-cni-overlay';
  readonly topology: 'localnet';
  readonly physicalNetworkName: string;
  /** 1–4094. */
  readonly vlanID?: number;
  readonly mtu?: number;
  /** `namespace/name` of the definition itself: checked by OVN-Kubernetes. */
  readonly netAttachDefName: string;
}

export type Manifest = PersistentVolumeClaim | VirtualMachine;

/** Objects that VMs share and none of them owns. */
export type SharedManifest = NetworkAttachmentDefinition;
