/**
 * What is inside the disks of a VM, as found by looking at them. Facts only: what is unknown is absent, never false.
 * Names of devices are those of the order of disks: /dev/sda is the first.
 */
import type { Bytes } from './units.ts';

export interface GuestInspection {
  /** Every operating system found. */
  readonly systems: readonly InspectedSystem[];
  /** The one to be converted; absent when there is none, or when nothing tells which. */
  readonly root?: { readonly device: string; readonly because: string };
  readonly filesystems: readonly InspectedFilesystem[];
  readonly encrypted: readonly EncryptedVolume[];
  readonly volumeGroups: readonly string[];
  readonly boot: InspectedBoot;
  /** Of the system in `root`. */
  readonly drivers?: InspectedDrivers;
  readonly tools: readonly InspectedTool[];
  readonly network: readonly NetworkFile[];
  /** Kernel names of NICs that the guest's configuration speaks of. */
  readonly nicNames: readonly string[];
  /** Installed packages or programs by name and version: the first thousand. */
  readonly applications: readonly { readonly name: string; readonly version: string }[];
  /** How many there are in all. */
  readonly applicationCount: number;
}

export interface InspectedSystem {
  /** Device of its root file system. */
  readonly root: string;
  /** `linux`, `windows`, … in the words of libguestfs. */
  readonly type: string;
  /** `debian`, `rhel`, `windows`, … */
  readonly distro?: string;
  readonly version?: { readonly major: number; readonly minor: number };
  /** `x86_64`, `aarch64`, … */
  readonly arch?: string;
  readonly product?: string;
  /** Windows: `Server`, `Client`. */
  readonly variant?: string;
  readonly hostname?: string;
  /** `deb`, `rpm`, … */
  readonly packages?: string;
  /** Mount point → device, shortest mount point first. */
  readonly mounts: readonly { readonly path: string; readonly device: string }[];
}

export interface InspectedFilesystem {
  readonly device: string;
  /** `ext4`, `ntfs`, `swap`, `crypto_LUKS`, … in the words of blkid. */
  readonly kind: string;
  readonly uuid?: string;
  readonly size?: Bytes;
  readonly free?: Bytes;
  /** NTFS only. `hibernated`: Windows sleeps or was shut down by fast startup. `dirty`: it was not shut down cleanly. */
  readonly state?: 'clean' | 'hibernated' | 'dirty';
}

export interface EncryptedVolume {
  readonly device: string;
  readonly kind: 'luks' | 'bitlocker';
  readonly uuid?: string;
  readonly opened: boolean;
}

export interface InspectedBoot {
  /** Partition table of the disk with the root, or of the first one. */
  readonly table?: 'gpt' | 'mbr';
  /** EFI system partition and the loaders on it, as paths below it in lower case. */
  readonly uefi?: {
    readonly device: string;
    readonly loaders: readonly string[];
    /** `\EFI\BOOT\BOOTX64.EFI` (or its like for other processors) is there: the VM boots without stored boot entries. */
    readonly fallback: boolean;
  };
  /** A boot loader for BIOS was found. */
  readonly bios?: boolean;
  /** Disks that fstab or the boot loader call by a name of the old controller (`/dev/sda1`): with virtio the kernel names them otherwise. */
  readonly diskNames?: readonly string[];
}

export interface InspectedDrivers {
  /** One per kernel of the guest; Windows counts as one. */
  readonly kernels: readonly InspectedKernel[];
  /** Windows: drivers of virtio that its registry knows; absent when it could not be read. */
  readonly services?: readonly InspectedService[];
  /** Windows: the virtio-win that was named for it. */
  readonly media?: InspectedMedia;
}

/** What a virtio-win has for a guest; releases by their folders in it, in lower case: `w10`, `2k19`. */
export interface InspectedMedia {
  /** The folder or ISO image. */
  readonly place: string;
  /** What an image calls itself: `virtio-win-0.1.240`. */
  readonly label?: string;
  /** Releases that would fit the guest, best first; none for a Windows that is not known. */
  readonly wanted: readonly string[];
  /** Releases that it has disk drivers for, for the guest's processor. */
  readonly releases: readonly string[];
  /** Drivers that it lacks for the guest. */
  readonly missing: readonly ('disk' | 'network')[];
}

/** A driver of Windows. */
export interface InspectedService {
  /** In lower case: `viostor`, `vioscsi`, `netkvm`. */
  readonly name: string;
  /** 0 with the boot loader, 1 with the kernel, 2 with the system, 3 when asked for, 4 never. */
  readonly start?: number;
  /** Its file is there. */
  readonly file: boolean;
}

export interface InspectedKernel {
  readonly version: string;
  /** virtio disk drivers are there as modules or built in. */
  readonly virtio: boolean;
  /** The initial RAM disk holds them, or they are built in; absent when it could not be read. */
  readonly virtioAtBoot?: boolean;
  /** The virtio network driver is there. */
  readonly virtioNet?: boolean;
  /** Its image is there too: a boot loader can start it. */
  readonly bootable?: boolean;
}

export type InspectedTool =
  | 'open-vm-tools'
  | 'vmware-tools'
  | 'hyperv-daemons'
  | 'qemu-guest-agent'
  | 'virtualbox-additions'
  | 'cloud-init';

export type NetworkFileKind =
  | 'ifupdown'
  | 'netplan'
  | 'networkmanager'
  | 'ifcfg'
  | 'wicked'
  | 'systemd-networkd'
  | 'systemd-link'
  | 'udev';

/** A file that configures the network in the guest. */
export interface NetworkFile {
  readonly kind: NetworkFileKind;
  readonly path: string;
  /** Its text, where it is text of at most 64 KiB. */
  readonly text?: string;
}
