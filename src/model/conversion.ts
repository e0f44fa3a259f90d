/** Conversion of a guest so that it boots on KubeVirt: what is asked, and what was done. Plain data: it travels in orders and lies in reports. */
import type { GuestIp } from './network.ts';
import type { Extent } from './transfer.ts';
import type { Bytes, MacAddress } from './units.ts';

/** What runs the appliance that works on the disks: `kvm` is fast, `tcg` (emulation) works everywhere. */
export type Accelerator = 'kvm' | 'tcg';

/**
 * What becomes of a guest on its copied disks.
 * - `convert`: it is given virtio drivers, and what it knew of its old hypervisor is put right.
 * - `skip`: it has virtio drivers already; that is looked for in it, not believed.
 * - `compatibility`: it stays as it is and gets SATA disks and e1000e NICs.
 * - `none`: nobody looks into it.
 */
export type ConversionPolicy = 'convert' | 'skip' | 'compatibility' | 'none';

/** Somebody looks into the guest once its disks are copied. */
export function isLookedInto(policy: ConversionPolicy | undefined): policy is 'convert' | 'skip' {
  return policy === 'convert' || policy === 'skip';
}

/** A script of the user that changes the guest. */
export interface GuestScript {
  /** Tells it from others of the VM; part of file names in the guest: letters, digits, `-`, `_`, `.`. */
  readonly name: string;
  /** `conversion`: once, in the appliance, by the guest's own shell; Linux only. `first-boot`: when the guest starts for the first time. */
  readonly when: 'conversion' | 'first-boot';
  /** A shell script (Linux), a batch file or, with the name ending in `.ps1`, a PowerShell script (Windows, first boot only). At most 64 KiB. */
  readonly text: string;
}

/** What is asked for the guest of one VM: a part of its plan, without secrets. */
export interface ConversionTerms {
  readonly policy: ConversionPolicy;
  /** Device of the root file system where more than one system is on the disks. */
  readonly root?: string;
  /** Volumes that Clevis opens by network; `all` for every one. */
  readonly clevis?: readonly string[];
  /** Name of what holds the passphrases of encrypted volumes: a file of the user, a Secret of the plan's namespace. */
  readonly keys?: string;
  /** virtio-win for Windows guests: a folder or ISO image of this machine, a claim of the plan's namespace. */
  readonly virtioWin?: string;
  readonly scripts?: readonly GuestScript[];
}

/** A finished copy of a disk. */
export interface ConversionDisk {
  /** Key of the disk in its VM. */
  readonly key: string;
  /** Absolute path of a raw file or of a block device. */
  readonly path: string;
  /** Guest-visible size of a disk whose copy was proven: its hash is made anew when it was changed. Absent: it was not proven. */
  readonly proven?: Bytes;
  /** Root hash of its proven copy; it holds on where the conversion changes nothing. */
  readonly root?: string;
  /** Absolute path of the journal of its proven copy (`journalOf`), beside which hashes of its blocks may be. */
  readonly journal?: string;
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
  /** Names what is on the disks: another copy of the same disks is converted anew, whatever was done to the one before. */
  readonly copy: string;
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
  readonly scripts?: readonly GuestScript[];
}

/** A phase of the work with its share of the time; the words are ours, not the converter's. */
export const CONVERSION_PHASES = ['open', 'inspect', 'convert', 'finish', 'network', 'commit'] as const;

export type ConversionPhase = (typeof CONVERSION_PHASES)[number];

export interface ConversionChange {
  readonly subject: 'system' | 'network' | 'tools' | 'boot';
  /** One sentence for a person. */
  readonly what: string;
  /** File in the guest, where it is one. */
  readonly file?: string;
}

/** A NIC to which the guest's own configuration gives addresses; what DHCP gives, and what nobody chose, is none. */
export interface ConfiguredNic {
  /** In lower case. */
  readonly mac: string;
  /** IPv4 and IPv6, with the length of their prefix where it is said: `192.0.2.10/24`. */
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
}

/**
 * The QEMU guest agent. `present`: it is installed, and is started with the guest. `announced`: it is installed at the first boot, if the guest reaches
 * its packages then. `absent`: it is not there, and nobody brings it.
 */
export type AgentState = 'present' | 'announced' | 'absent';

/** Where the conversion wrote: hashes of the copied disk hold everywhere else. */
export interface ChangedDisk {
  readonly key: string;
  /** Ascending, apart from each other; whole clusters of 64 KiB, so that some bytes in them may be as before. */
  readonly changed: readonly Extent[];
  /** Places of these that were made zeros, most of them by a trim; not necessarily all. Absent: nobody looked. */
  readonly zeroed?: readonly Extent[];
}

export interface ConversionResult {
  readonly accelerator: Accelerator;
  /** Name and version of what converted: `virt-v2v-in-place 2.2.0`. */
  readonly converter: string;
  /** The system as the converter names it: `Debian GNU/Linux 12 (bookworm)`. */
  readonly guest?: string;
  readonly changes: readonly ConversionChange[];
  readonly warnings: readonly string[];
  /** What was found in the guest; absent where nobody could tell. */
  readonly configured?: readonly ConfiguredNic[];
  readonly agent?: AgentState;
  /** Seconds of each phase, in order. */
  readonly seconds: readonly { readonly phase: ConversionPhase; readonly seconds: number }[];
  readonly disks: readonly ChangedDisk[];
}

/** What a VM's migration keeps of what was done to its guest. */
export interface GuestOutcome extends Omit<ConversionResult, 'disks' | 'converter'> {
  readonly policy: 'convert' | 'skip';
  /** `ConversionRequest.copy` of what was converted. */
  readonly copy: string;
  /** Absent where nothing was converted. */
  readonly converter?: string;
  readonly disks: readonly ConvertedDisk[];
}

/** A disk that holds something else since its guest was converted. */
export interface ConvertedDisk {
  readonly disk: string;
  /** Bytes of the places that were written. */
  readonly changed: Bytes;
  /** Root hash (`DiskProof.root`) of what the disk holds now; absent where its copy was not proven either. */
  readonly root?: string;
}
