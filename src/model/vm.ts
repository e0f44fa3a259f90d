/**
 * What a source says about a virtual machine. Read this file first.
 *
 *  provider ──► inventory ──► assessment ──► mapping ──► plan ──► transfer ──► conversion ──► cutover ──► proof
 *               SourceVm      Concern[]      Mapping     VmPlan   bytes        guest          VM runs     hashes, boot
 *
 * A SourceVm holds facts only, in the source's own terms: no judgement, no target shape. A fact that the source did not
 * state is `undefined`, never `false` or zero: "unknown" and "no" lead to different advice. Nothing downstream changes it.
 */
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
  readonly isTemplate?: boolean;
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
  readonly hotAdd?: boolean;
  /** Intel VT-x / AMD-V shown to the guest. */
  readonly nestedVirtualization?: boolean;
  readonly reservationMhz?: number;
  readonly limitMhz?: number;
  /** Physical CPUs the VM is bound to, as written. */
  readonly affinity?: string;
  /** vSphere latency sensitivity other than `normal`. */
  readonly latencySensitivity?: string;
  readonly numaNodes?: number;
}

export interface Memory {
  readonly size?: Bytes;
  readonly hotAdd?: boolean;
  readonly reservation?: Bytes;
  readonly limit?: Bytes;
}

export interface Firmware {
  readonly kind?: 'bios' | 'uefi';
  readonly secureBoot?: boolean;
  /** A virtual TPM is attached; its contents never leave the source. */
  readonly tpm?: boolean;
  /** The source stores EFI variables or BIOS settings beside the VM; name of that file. */
  readonly nvramFile?: string;
  /** Boot devices in the order the source tries them: `disk`, `cdrom`, `network`, `floppy`, or a device label. */
  readonly bootOrder?: readonly string[];
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
  readonly tools?: { readonly installed: boolean; readonly version?: string };
  /** File systems as the guest's tools report them; absent when nothing reported. */
  readonly filesystems?: readonly GuestFilesystem[];
}

export interface GuestFilesystem {
  /** Mount point or drive: `/var`, `C:\\`. */
  readonly path: string;
  readonly capacity?: Bytes;
  readonly free?: Bytes;
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
  readonly encrypted?: boolean;
  /** Bytes of one logical sector that the guest sees; 512 when the source cannot differ. */
  readonly sectorSize?: number;
  /** Serial or UUID that the guest can see. */
  readonly serial?: string;
  readonly changeTracking?: boolean;
  /** Parents below this image, nearest first, as file names (VMware snapshot chain, differencing disk). */
  readonly parents?: readonly string[];
}

/** A format as it is on disk; `variant` is the field's word for its kind. */
export interface DiskFormat {
  readonly container: 'raw' | 'vmdk' | 'vhd' | 'vhdx' | 'qcow2' | 'vdi' | 'device';
  /** `streamOptimized`, `monolithicSparse`, `monolithicFlat`, `fixed`, `dynamic`, `differencing`, … */
  readonly variant?: string;
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
}

/** Port group, segment, switch or OVF network; the left side of a NetworkMap. */
export interface NetworkRef {
  readonly id: string;
  readonly name: string;
  /** Access VLAN where the source states one: 1–4094; 0 is untagged. */
  readonly vlan?: number;
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
    | 'other';
  readonly label: string;
}

export interface Snapshots {
  /** Number of snapshots; undefined when the source cannot tell. */
  readonly count?: number;
  readonly consolidationNeeded?: boolean;
}

/** The hypervisor the VM was made for. */
export interface Platform {
  readonly vendor?: 'vmware' | 'virtualbox' | 'hyperv' | 'xen' | 'kvm' | 'ibm';
  /** VMware `vmx-19`, VirtualBox `virtualbox-2.2`, Hyper-V configuration version. */
  readonly hardwareVersion?: string;
  /** Program and version that wrote the description, where it says so. */
  readonly writtenBy?: string;
}

/** How a VM was packed into files. */
export interface Packaging {
  readonly kind: 'ova' | 'ovf' | 'vmx' | 'image';
  /** Name of the descriptor: `guest.ovf`, `guest.vmx`. */
  readonly descriptor: string;
  /** OVF envelope version by its namespace: `0.9`, `1`, `2`. */
  readonly ovfVersion?: string;
  /**
   * Digest algorithm of the manifest, when there is one. The descriptor's digest was checked when it was read; those of
   * the disk files are checked when a disk is opened, before its bytes are trusted, so that an inventory stays quick.
   */
  readonly manifest?: 'SHA1' | 'SHA256' | 'SHA512';
  /** A manifest is there, but files of the package are not in it. */
  readonly unlisted?: readonly string[];
  /** A certificate accompanies the manifest. Its signature is not checked here. */
  readonly certificate?: boolean;
  /** Files whose declared ovf:size is not their real size. */
  readonly sizeMismatches?: readonly { readonly file: string; readonly declared: Bytes; readonly actual: Bytes }[];
  /** Deployment configuration in force, with all that could be chosen. */
  readonly configuration?: { readonly chosen: string; readonly available: readonly string[] };
  /** License texts that the package asks to be accepted. */
  readonly eulas?: number;
  /** Appliance properties (OVF ProductSection): the guest may expect them from the hypervisor at boot. */
  readonly properties?: readonly PackageProperty[];
}

export interface PackageProperty {
  /** Qualified key: class.key.instance. */
  readonly key: string;
  readonly label?: string;
  /** Value in force; never present for password properties. */
  readonly value?: string;
  readonly userConfigurable?: boolean;
}

export interface ExtraFact {
  /** Where it was read: `vmw:ExtraConfig/svga.vramSize`, `vmx/isolation.tools.copy.disable`. */
  readonly path: string;
  readonly value: string;
}
