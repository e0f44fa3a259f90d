/** Conversion of a guest so that it boots on KubeVirt: what is asked, and what was done. Plain data: it travels in orders and lies in reports. */
import type { GuestIp } from './network.ts';
import type { Extent } from './transfer.ts';
import type { MacAddress } from './units.ts';

/** What runs the appliance that works on the disks: `kvm` is fast, `tcg` (emulation) works everywhere. */
export type Accelerator = 'kvm' | 'tcg';

/** A finished copy of a disk. */
export interface ConversionDisk {
  /** Key of the disk in its VM. */
  readonly key: string;
  /** Absolute path of a raw file or of a block device. */
  readonly path: string;
}

/** A NIC as the guest had it at the source. */
export interface ConversionNic {
  readonly label: string;
  readonly mac: MacAddress;
  /** How the guest's tools reported its configuration; absent where nothing reported. */
  readonly guestIp?: GuestIp;
}

export interface ConversionRequest {
  readonly vm: string;
  /** In the order of the VM's devices: the first is /dev/sda to the converter. */
  readonly disks: readonly ConversionDisk[];
  readonly firmware: 'bios' | 'uefi';
  /** Device of the root file system where more than one system is on the disks: `/dev/sdb2`, `/dev/vg0/root`. */
  readonly root?: string;
  readonly nics: readonly ConversionNic[];
  /** Encrypted volumes that Clevis opens by network; `all` for every one. Passphrases are no part of a request. */
  readonly clevis?: readonly string[];
  /** Folder or ISO image with virtio-win, for Windows guests. */
  readonly virtioWin?: string;
}

/** A phase of the work with its share of the time; the words are ours, not the converter's. */
export type ConversionPhase = 'open' | 'inspect' | 'convert' | 'finish' | 'network' | 'commit';

export interface ConversionChange {
  readonly subject: 'system' | 'network' | 'tools' | 'boot';
  /** One sentence for a person. */
  readonly what: string;
  /** File in the guest, where it is one. */
  readonly file?: string;
}

/** Where the conversion wrote: hashes of the copied disk hold everywhere else. */
export interface ChangedDisk {
  readonly key: string;
  /** Ascending, apart from each other; whole clusters of 64 KiB, so that some bytes in them may be as before. */
  readonly changed: readonly Extent[];
}

export interface ConversionResult {
  readonly accelerator: Accelerator;
  /** Name and version of what converted: `virt-v2v-in-place 2.2.0`. */
  readonly converter: string;
  /** The system as the converter names it: `Debian GNU/Linux 12 (bookworm)`. */
  readonly guest?: string;
  readonly changes: readonly ConversionChange[];
  readonly warnings: readonly string[];
  /** Seconds of each phase, in order. */
  readonly seconds: readonly { readonly phase: ConversionPhase; readonly seconds: number }[];
  readonly disks: readonly ChangedDisk[];
}
