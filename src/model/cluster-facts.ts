/**
 * What the target cluster is and has, read once by `kubeferry facts` and passed in. Absent members are unknown, not empty: an
 * empty list says that the cluster has none. Quantities are plain numbers: bytes, cores, counts.
 */
import type { AccessMode, VolumeMode } from './manifest.ts';
import type { Bytes, MacAddress } from './units.ts';

export interface ClusterFacts {
  /** When they were read, ISO 8601. */
  readonly readAt?: string;
  /** `1.33.2`. */
  readonly kubernetesVersion?: string;
  /** `1.9.0`, `v1.6.2`; from the KubeVirt object's `status.observedKubeVirtVersion`. */
  readonly kubevirtVersion?: string;
  /** Absent: whether CDI is installed is unknown. */
  readonly cdi?: { readonly installed: boolean; readonly version?: string };
  /** `developerConfiguration.featureGates` of the KubeVirt object. Beta gates are on by themselves from 1.9 on. */
  readonly featureGates?: readonly string[];
  /** `developerConfiguration.disabledFeatureGates` (1.8 and later). */
  readonly disabledFeatureGates?: readonly string[];
  readonly defaults?: KubevirtDefaults;
  readonly storageClasses?: readonly StorageClassFacts[];
  readonly networkAttachments?: readonly NetworkAttachmentFacts[];
  readonly userDefinedNetworks?: readonly UserDefinedNetworkFacts[];
  /** Names of the binding plugins that the KubeVirt object registers. A VM that names another one is accepted and never starts. */
  readonly bindingPlugins?: readonly string[];
  /** Resource names of the host devices that the KubeVirt object permits. */
  readonly permittedDevices?: readonly string[];
  readonly namespaces?: readonly NamespaceFacts[];
  /** Names of the VirtualMachineClusterPreferences. A VM that names a missing one is accepted and never starts. */
  readonly preferences?: readonly string[];
  /** VirtualMachineClusterInstancetypes. */
  readonly instancetypes?: readonly InstancetypeFacts[];
  readonly virtualMachines?: readonly ExistingVm[];
  readonly claims?: readonly ExistingClaim[];
  readonly quotas?: readonly QuotaFacts[];
  readonly limitRanges?: readonly LimitRangeFacts[];
  readonly nodes?: NodeFacts;
}

/** What the KubeVirt object says for VMs that leave it open. */
export interface KubevirtDefaults {
  readonly cpuModel?: string;
  readonly machineType?: string;
  readonly evictionStrategy?: 'None' | 'LiveMigrate' | 'LiveMigrateIfPossible' | 'External';
  /** `LiveUpdate` lets sockets and memory grow while a VM runs; it is KubeVirt's own default. */
  readonly rolloutStrategy?: 'LiveUpdate' | 'Stage';
  /** `liveUpdateConfiguration.maxHotplugRatio`; KubeVirt's own default is 4. */
  readonly maxHotplugRatio?: number;
  /** Class of the small claims that keep EFI variables and TPM state. */
  readonly vmStateStorageClass?: string;
}

export interface StorageClassFacts {
  readonly name: string;
  readonly provisioner: string;
  readonly isDefault?: boolean;
  /** `storageclass.kubevirt.io/is-default-virt-class`. */
  readonly isDefaultVirt?: boolean;
  /** `WaitForFirstConsumer`: the volume is made where its first pod runs. */
  readonly bindingMode?: 'Immediate' | 'WaitForFirstConsumer';
  /** `allowVolumeExpansion`. */
  readonly expansion?: boolean;
  /** From CDI's StorageProfile where present, best first. An empty list: CDI does not know the provisioner. */
  readonly claimProperties?: readonly { readonly accessMode: AccessMode; readonly volumeMode: VolumeMode }[];
  /** From CDI's StorageProfile. */
  readonly cloneStrategy?: 'copy' | 'snapshot' | 'csi-clone';
  /** Name of a VolumeSnapshotClass of the same driver; absent: none, or not read (see `snapshotsKnown`). */
  readonly snapshotClass?: string;
  /** VolumeSnapshotClasses were read, so that an absent `snapshotClass` means none. */
  readonly snapshotsKnown?: boolean;
  /** Share of a Filesystem volume that its file system takes, 0–1 (CDIConfig). */
  readonly filesystemOverhead?: number;
  /** Smallest claim that the provisioner makes (`cdi.kubevirt.io/minimumSupportedPvcSize`). */
  readonly minimumSize?: Bytes;
}

/** A NetworkAttachmentDefinition. `type` is the CNI plugin's own word where it is none of these. */
export interface NetworkAttachmentFacts {
  readonly namespace: string;
  readonly name: string;
  /** CNI plugin of the config: `bridge`, `cnv-bridge`, `macvlan`, `ipvlan`, `sriov`, `ovn-k8s-cni-overlay`, … */
  readonly type?: string;
  /** Of ovn-k8s-cni-overlay. */
  readonly topology?: 'localnet' | 'layer2' | 'layer3';
  /** Linux bridge of a bridge plugin. */
  readonly bridge?: string;
  /** `physicalNetworkName` of a localnet; its network name where it states none. */
  readonly physicalNetwork?: string;
  readonly vlan?: number;
  /** The config states a `vlanTrunk`. */
  readonly trunk?: boolean;
  readonly mtu?: number;
  /** `k8s.v1.cni.cncf.io/resourceName`: the device pool behind an SR-IOV network. */
  readonly resourceName?: string;
  /** The config states an IPAM, so the pod gets an address that a bridged guest does not have. */
  readonly ipam?: boolean;
}

/** UserDefinedNetwork, or ClusterUserDefinedNetwork where `namespace` is absent (OVN-Kubernetes). */
export interface UserDefinedNetworkFacts {
  readonly namespace?: string;
  readonly name: string;
  readonly topology: 'layer2' | 'layer3' | 'localnet';
  readonly role: 'primary' | 'secondary';
  /** CIDRs, both families. */
  readonly subnets?: readonly string[];
  /** `ipam.lifecycle: Persistent`: a VM keeps its address over restarts and migrations. */
  readonly persistentIps?: boolean;
}

export interface NamespaceFacts {
  readonly name: string;
  /** `k8s.ovn.org/primary-user-defined-network` says that the pod network is a primary UDN. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface InstancetypeFacts {
  readonly name: string;
  readonly cpus: number;
  readonly memory: Bytes;
}

export interface ExistingVm {
  readonly namespace: string;
  readonly name: string;
  readonly macs?: readonly MacAddress[];
  /** Annotation `kubeferry.dev/source-id`: the VM that it was migrated from. */
  readonly sourceId?: string;
}

export interface ExistingClaim {
  readonly namespace: string;
  readonly name: string;
}

/** A ResourceQuota without scopes, by the field's own names: `requests.storage`, `limits.memory`, `persistentvolumeclaims`, … */
export interface QuotaFacts {
  readonly namespace: string;
  readonly name: string;
  readonly hard: Readonly<Record<string, number>>;
  readonly used?: Readonly<Record<string, number>>;
}

/** One item of a LimitRange, by resource name: `storage`, `cpu`, `memory`. */
export interface LimitRangeFacts {
  readonly namespace: string;
  readonly name: string;
  readonly type: 'Pod' | 'Container' | 'PersistentVolumeClaim';
  readonly min?: Readonly<Record<string, number>>;
  readonly max?: Readonly<Record<string, number>>;
}

/** The schedulable nodes that run VMs, in sum. */
export interface NodeFacts {
  readonly count: number;
  /** Allocatable by the largest single node: a VM that needs more fits nowhere. */
  readonly largest: { readonly cpus: number; readonly memory: Bytes };
  /** Allocatable by all together, less what is requested already where that was read. */
  readonly free?: { readonly cpus: number; readonly memory: Bytes };
  /** CPU vendors: `Intel`, `AMD`. */
  readonly vendors?: readonly string[];
  /** Processor features that every node offers (`cpu-feature.node.kubevirt.io/…`). */
  readonly cpuFeatures?: readonly string[];
  /** Page sizes with at least one page on some node: `2Mi`, `1Gi`. */
  readonly hugepages?: readonly string[];
}
