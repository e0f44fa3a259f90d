/**
 * What a source says about a virtual machine. Read this file first.
 *
 *  provider ──► inventory ──► assessment ──► mapping ──► plan ──► transfer ──► conversion ──► cutover ──► proof
 *               SourceVm      Concern[]      Mapping     VmPlan   bytes        guest          VM runs     hashes, boot
 *
 * A SourceVm holds facts only, in the source's own terms: no judgement, no target shape. A fact that the source did not
 * state is `undefined`, never `false` or zero: "unknown" and "no" lead to different advice. Nothing downstream changes it.
 */
import type { Availability, HostRule } from './availability.ts';
import type { GuestIp, NetworkRef } from './network.ts';
import type { Packaging } from './packaging.ts';
import type { Bytes, MacAddress, Uuid } from './units.ts';

/** How a VM is named towards its provider. */
export interface VmRef {
  /** Unique within the provider: vSphere managed object id, Hyper-V VM GUID, for files the path and VirtualSystem id. */
  readonly id: string;
  readonly name: string;
}

export type PowerState = 'on' | 'off' | 'suspended';

export interface SourceVm {
  readonly ref: VmRef;
  /** Display name exactly as the source writes it. */
  readonly name: string;
  readonly power?: PowerState;
  /** Whether the source can speak to the VM at this moment (vSphere `runtime.connectionState`). */
  readonly connection?: 'connected' | 'disconnected' | 'inaccessible' | 'invalid' | 'orphaned';
  /** Text of a question that blocks the VM until somebody answers it (vSphere `runtime.question`). */
  readonly question?: string;
  readonly isTemplate?: boolean;
  /** The configuration, and with it the disks, are encrypted by the hypervisor (vSphere `config.keyId`). */
  readonly encrypted?: boolean;
  /** Free text that people wrote about the VM (vSphere annotation, OVF AnnotationSection). */
  readonly notes?: string;
  readonly cpu: Cpu;
  readonly memory: Memory;
  readonly firmware: Firmware;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly guest: Guest;
  readonly controllers: readonly DiskController[];
  readonly disks: readonly Disk[];
  readonly cdroms: readonly Cdrom[];
  readonly nics: readonly Nic[];
  /** Everything plugged in that is neither disk, CD-ROM nor NIC. */
  readonly devices: readonly OtherDevice[];
  readonly snapshots: Snapshots;
  readonly platform: Platform;
  /** How the VM came to us as a package; absent for live hypervisors and bare images. */
  readonly packaging?: Packaging;
  /** Where the VM lives in the source's management. */
  readonly placement?: Placement;
  /** How the source keeps the VM running. */
  readonly availability?: Availability;
  /** Tags that people or policies put on the VM, in the source's order. */
  readonly tags?: readonly Tag[];
  /** Custom attributes (vSphere) or notes by name, values as written; empty values are left out. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Facts that were read and have no field of their own. They are reported as dropped, never silently lost. */
  readonly extras: readonly ExtraFact[];
}

/** Names as the source shows them; `folder` and `resourcePool` with their path where the source gives it. */
export interface Placement {
  readonly datacenter?: string;
  readonly cluster?: string;
  readonly host?: string;
  readonly folder?: string;
  readonly resourcePool?: string;
  /** vSphere vApp that the VM is part of (`parentVApp`). */
  readonly vApp?: string;
  /** Storage policy of the VM's own files (vSphere PBM); those of the disks are on the disks. */
  readonly storagePolicy?: string;
  /** DRS rules that tie the VM to hosts, or keep it from them. Rules between VMs are relations of the inventory. */
  readonly hostRules?: readonly HostRule[];
}

export interface Tag {
  /** vSphere tag category. */
  readonly category?: string;
  readonly name: string;
}

export interface Cpu {
  /** Virtual CPUs in all. */
  readonly count?: number;
  readonly coresPerSocket?: number;
  /** Hardware threads shown per core (Hyper-V `HwThreadCountPerCore`; 0 there means as the host has, and is left out). */
  readonly threadsPerCore?: number;
  readonly hotAdd?: boolean;
  /** vSphere `config.cpuHotRemoveEnabled`. */
  readonly hotRemove?: boolean;
  /** Intel VT-x / AMD-V shown to the guest. */
  readonly nestedVirtualization?: boolean;
  readonly reservationMhz?: number;
  readonly limitMhz?: number;
  /** Hyper-V `Reserve` and `Maximum`: per cent of the VM's virtual CPUs, 0–100. */
  readonly reservationPercent?: number;
  readonly limitPercent?: number;
  /** vSphere `cpuAllocation.shares`, Hyper-V `RelativeWeight`. */
  readonly shares?: number;
  /** Physical CPUs the VM is bound to, as written. */
  readonly affinity?: string;
  /** vSphere latency sensitivity other than `normal`. */
  readonly latencySensitivity?: string;
  readonly numaNodes?: number;
  /** Virtual NUMA as configured: virtual CPUs of one node (vSphere `numa.vcpu.maxPerVirtualNode`, Hyper-V `MaximumCountPerNumaNode`). */
  readonly numaNodeSize?: number;
  /** NUMA nodes of the host the VM is bound to, as written (vSphere `numa.nodeAffinity`). */
  readonly numaAffinity?: string;
  /** The guest sees a reduced set of processor features, so that it can move between hosts (Hyper-V `CompatibilityForMigrationEnabled`). */
  readonly compatibilityMode?: boolean;
  /** EVC baseline of the VM itself or of its cluster: `intel-skylake`, `amd-zen2`. */
  readonly evcMode?: string;
  /** Performance counters shown to the guest (vSphere `vpmcEnabled`). */
  readonly performanceCounters?: boolean;
}

export interface Memory {
  /** What the guest is started with (Hyper-V `MemoryStartup`). */
  readonly size?: Bytes;
  readonly hotAdd?: boolean;
  readonly reservation?: Bytes;
  readonly limit?: Bytes;
  /** vSphere `memoryReservationLockedToMax`: the whole memory is reserved, however large it becomes. */
  readonly reservationLocked?: boolean;
  /** vSphere `memoryAllocation.shares`, Hyper-V memory `Priority`. */
  readonly shares?: number;
  /** Dynamic memory is on (Hyper-V): the host gives and takes between these. */
  readonly dynamic?: { readonly minimum?: Bytes; readonly maximum?: Bytes };
  /** Bytes that the host has taken back from the guest (vSphere `quickStats.balloonedMemory`). */
  readonly ballooned?: Bytes;
}

export interface Firmware {
  readonly kind?: 'bios' | 'uefi';
  readonly secureBoot?: boolean;
  /** Which keys secure boot trusts, by the name of the template: `MicrosoftWindows`, `MicrosoftUEFICertificateAuthority`, … (Hyper-V). */
  readonly secureBootTemplate?: string;
  /** A virtual TPM is attached; its contents never leave the source. */
  readonly tpm?: boolean;
  /** The source stores EFI variables or BIOS settings beside the VM; name of that file. */
  readonly nvramFile?: string;
  /** Boot devices in the order the source tries them: `disk`, `cdrom`, `network`, `floppy`, or a device label. */
  readonly bootOrder?: readonly string[];
  /** Virtualisation-based security is offered to the guest (vSphere `config.flags.vbsEnabled`, Hyper-V without opt-out). */
  readonly vbs?: boolean;
  /** A virtual IOMMU is shown to the guest (vSphere `config.flags.vvtdEnabled`). */
  readonly iommu?: boolean;
  /** Shielded VM: bound to guarded hosts, no console, no export (Hyper-V `Shielded`). */
  readonly shielded?: boolean;
  /** Memory and state are encrypted by processor or host: `SNP`, `TDX`, `VBS`, `encrypted-state` (Hyper-V `GuestStateIsolationType`). */
  readonly isolation?: string;
}

export interface Identity {
  /** SMBIOS system UUID that the guest sees. */
  readonly biosUuid?: Uuid;
  /** Identity towards the source's management, not visible in the guest. */
  readonly instanceUuid?: Uuid;
  /** SMBIOS system serial number. */
  readonly serial?: string;
  readonly assetTag?: string;
}

export interface Clock {
  /** IANA zone or fixed offset of the hardware clock as the guest expects it; `utc` where the source says so. */
  readonly rtc?: string;
}

export interface Guest {
  /** The source's own identifier: VMware guestId (`rhel8_64Guest`, `windows2019srv-64`), OVF osType text, CIM number. */
  readonly osId?: string;
  /** Which vocabulary `osId` is from. */
  readonly osIdKind?: 'vmware' | 'cim' | 'virtualbox' | 'hyperv' | 'libosinfo';
  /** Description as written: `Microsoft Windows Server 2019 (64-bit)`. */
  readonly osName?: string;
  readonly hostname?: string;
  /** VMware Tools or integration services: whether installed, with version when known. */
  readonly tools?: GuestTools;
  /** File systems as the guest's tools report them; absent when nothing reported. */
  readonly filesystems?: readonly GuestFilesystem[];
}

export interface GuestTools {
  readonly installed: boolean;
  readonly version?: string;
  /** At the moment of the reading (vSphere `toolsRunningStatus`, Hyper-V heartbeat). */
  readonly running?: boolean;
  /** Older than what the host offers (vSphere `toolsVersionStatus2`). */
  readonly outdated?: boolean;
  /** The hypervisor sets the guest's clock (vSphere `config.tools.syncTimeWithHost`, Hyper-V time synchronisation). */
  readonly timeSync?: boolean;
  /** Integration services by English name, whatever the host's language: `Heartbeat`, `Shutdown`, `VSS`, `Key-Value Pair Exchange`, … */
  readonly services?: readonly { readonly name: string; readonly enabled: boolean; readonly running?: boolean }[];
}

export interface GuestFilesystem {
  /** Mount point or drive: `/var`, `C:\\`. */
  readonly path: string;
  readonly capacity?: Bytes;
  readonly free?: Bytes;
  /** `ntfs`, `ext4`, `xfs`, … as the guest names it. */
  readonly kind?: string;
  /** Keys of the disks it lies on (vSphere 7 and later); absent where the source cannot tell. */
  readonly disks?: readonly string[];
}

/** Controller kinds in the field's words; `scsi` where only the family is known. */
export type ControllerKind =
  | 'ide'
  | 'sata'
  | 'nvme'
  | 'lsilogic'
  | 'lsisas'
  | 'buslogic'
  | 'pvscsi'
  | 'scsi'
  | 'virtio-scsi'
  | 'virtio-blk'
  | 'usb'
  | 'floppy';

export interface DiskController {
  /** Unique in the VM and stable: `scsi0`, `ide1`, `nvme0`. */
  readonly key: string;
  readonly kind: ControllerKind;
  /** SCSI bus sharing with other VMs (Windows failover clusters). */
  readonly sharing?: 'none' | 'virtual' | 'physical';
}

/** Where a device sits: controller key and unit number. */
export interface Slot {
  readonly controller: string;
  readonly unit: number;
}

export interface Disk {
  /** Unique in the VM and stable over readings: the slot where known (`scsi0:1`), else the provider's own id. */
  readonly key: string;
  /** What people call it: `Hard disk 1`. */
  readonly label: string;
  /** Size that the guest sees, in bytes. */
  readonly capacity: Bytes;
  /** Bytes that hold data, where the source can tell without reading the disk. */
  readonly allocated?: Bytes;
  readonly slot?: Slot;
  /** Lower is tried first; absent when the source does not say. */
  readonly bootOrder?: number;
  readonly storage?: StorageRef;
  readonly format: DiskFormat;
  /** File or backing name as the source writes it, for people. */
  readonly file?: string;
  readonly mode?: 'persistent' | 'independent-persistent' | 'independent-nonpersistent';
  readonly provisioning?: 'thin' | 'thick-lazy' | 'thick-eager';
  /** Whole LUN given to the guest instead of a file. */
  readonly passthrough?: 'rdm-virtual' | 'rdm-physical' | 'physical-disk';
  readonly shared?: boolean;
  /** How it is shared, where the source says: vSphere multi-writer flag, Hyper-V shared VHDX or VHD Set. */
  readonly sharing?: 'multi-writer' | 'shared-vhdx' | 'vhd-set';
  readonly encrypted?: boolean;
  /** Bytes of one logical sector that the guest sees; 512 when the source cannot differ. */
  readonly sectorSize?: number;
  /** Bytes of one physical sector that the guest is told of. */
  readonly physicalSectorSize?: number;
  /** Serial or UUID that the guest can see. */
  readonly serial?: string;
  /** CBT (vSphere) or RCT (Hyper-V) is on for the disk. */
  readonly changeTracking?: boolean;
  /** Storage policy by name (vSphere PBM, Hyper-V QoS policy). */
  readonly storagePolicy?: string;
  /** Operations a second at most, at least; absent when unlimited. */
  readonly iopsLimit?: number;
  readonly iopsReservation?: number;
  /** Identity of the whole LUN behind a pass-through disk: NAA or EUI name, Hyper-V disk number. */
  readonly lun?: string;
  /** First Class Disk or Kubernetes volume that lives on without the VM (vSphere `vDiskId`). */
  readonly managedVolume?: string;
  /** The image is attached to the host itself or opened by somebody else (Hyper-V `Get-VHD` `Attached`). */
  readonly inUse?: boolean;
  /** Persistent memory device instead of a disk (`IsPMEMCompatible`, NVDIMM backing). */
  readonly pmem?: boolean;
  /** Why the source cannot look at the image, or at one that it needs (Hyper-V `Get-VHD`): size and kind may be unknown then. */
  readonly unreadable?: string;
  /** Parents below this image, nearest first, as file names (VMware snapshot chain, differencing disk). */
  readonly parents?: readonly string[];
}

/** A format as it is on disk; `variant` is the field's word for its kind. */
export interface DiskFormat {
  readonly container: 'raw' | 'vmdk' | 'vhd' | 'vhdx' | 'qcow2' | 'vdi' | 'device';
  /** `streamOptimized`, `monolithicSparse`, `monolithicFlat`, `fixed`, `dynamic`, `differencing`, … */
  readonly variant?: string;
  /** Bytes of one block or grain of the container (VHD and VHDX blocks, VMDK grains). */
  readonly blockSize?: Bytes;
}

/** Datastore, volume or folder that holds a disk; the left side of a StorageMap. */
export interface StorageRef {
  readonly id: string;
  readonly name: string;
}

export interface Cdrom {
  readonly key: string;
  readonly slot?: Slot;
  /** File or device in the drive; absent when empty. */
  readonly media?: string;
  readonly connected?: boolean;
}

/** Virtual NIC models in the field's words. */
export type NicModel =
  | 'vmxnet'
  | 'vmxnet2'
  | 'vmxnet3'
  | 'e1000'
  | 'e1000e'
  | 'pcnet'
  | 'flexible'
  | 'rtl8139'
  | 'ne2k'
  | 'virtio'
  | 'sriov'
  | 'hyperv-synthetic'
  | 'hyperv-legacy';

export interface Nic {
  /** Unique in the VM and stable: `ethernet0`, the provider's device key. */
  readonly key: string;
  readonly label: string;
  readonly model?: NicModel;
  /** As written by the source when `model` has no word for it. */
  readonly modelName?: string;
  readonly mac?: MacAddress;
  /** How the source came to the MAC. A generated one may change when a package is deployed again. */
  readonly macOrigin?: 'manual' | 'generated' | 'assigned';
  readonly network?: NetworkRef;
  readonly connected?: boolean;
  readonly startConnected?: boolean;
  readonly addresses?: readonly string[];
  /** How the guest has configured the NIC, as its tools report it (vSphere `guest.net`, `guest.ipStack`; Hyper-V KVP). */
  readonly guestIp?: GuestIp;
  /** The guest may send with other MAC addresses than its own (Hyper-V `MacAddressSpoofing`, vSphere forged transmits). */
  readonly macSpoofing?: boolean;
  /** Bits a second at most, at least; absent when unlimited. */
  readonly bandwidthLimit?: number;
  readonly bandwidthReservation?: number;
  /** The guest may team the NIC (Hyper-V `AllowTeaming`). */
  readonly teaming?: boolean;
  /** SR-IOV is used beneath a synthetic NIC where the host can (Hyper-V `IovWeight` above 0). */
  readonly sriovOffload?: boolean;
  /** DHCP guard, router guard, port mirroring and their like, by name (Hyper-V, dvPort policies). */
  readonly portPolicies?: readonly string[];
}

export interface OtherDevice {
  readonly kind:
    | 'usb-controller'
    | 'usb-device'
    | 'floppy'
    | 'serial'
    | 'parallel'
    | 'sound'
    | 'pci-passthrough'
    | 'vgpu'
    | 'watchdog'
    | 'video'
    | 'vmci'
    | 'sgx'
    | 'fibre-channel'
    | 'nvdimm'
    | 'scsi-device'
    | 'other';
  readonly label: string;
}

export interface Snapshots {
  /** Number of snapshots; undefined when the source cannot tell. */
  readonly count?: number;
  readonly consolidationNeeded?: boolean;
  /** In the order of their creation. */
  readonly list?: readonly Snapshot[];
}

/** A snapshot (vSphere) or checkpoint (Hyper-V). */
export interface Snapshot {
  readonly name: string;
  /** `recovery` belongs to a backup product, `replica` to replication, `automatic` was made by client Hyper-V at start. */
  readonly kind?: 'standard' | 'production' | 'recovery' | 'replica' | 'automatic';
  /** ISO 8601. */
  readonly createdAt?: string;
}

/** The hypervisor the VM was made for. */
export interface Platform {
  readonly vendor?: 'vmware' | 'virtualbox' | 'hyperv' | 'xen' | 'kvm' | 'ibm';
  /** VMware `vmx-19`, VirtualBox `virtualbox-2.2`, Hyper-V configuration version. */
  readonly hardwareVersion?: string;
  /** Hyper-V generation: 1 is BIOS with IDE, 2 is UEFI with SCSI. */
  readonly generation?: 1 | 2;
  /** Program and version that wrote the description, where it says so. */
  readonly writtenBy?: string;
}

export interface ExtraFact {
  /** Where it was read: `vmw:ExtraConfig/svga.vramSize`, `vmx/isolation.tools.copy.disable`. */
  readonly path: string;
  readonly value: string;
}
