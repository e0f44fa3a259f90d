/** The user's tables, the target's facts, and what mapping makes of a VM. */
import type { Concern } from './concern.ts';
import type { AccessMode, HugepageSize, MachineType, Manifest, RunStrategy, SharedManifest, VolumeMode } from './manifest.ts';
import type { Bytes } from './units.ts';
import type { VmRef } from './vm.ts';

/**
 * Where the NICs of one source network go.
 * - `pod`: the pod network behind masquerade; where the facts say that the namespace has a primary user-defined network, that one.
 * - `udn`: the namespace's primary user-defined network (OVN-Kubernetes), whatever the facts know.
 * - `multus`: a NetworkAttachmentDefinition, bridged; `sriov`: one of the SR-IOV operator.
 * - `ignored`: the NIC is left out.
 */
export type NetworkTarget = { readonly type: 'pod' } | { readonly type: 'udn' } | AttachmentTarget | { readonly type: 'ignored' };

/** `pool`: one attachment for each NIC of a VM on this network, in the order of the NICs. Without `namespace` it is the VM's own. */
export type AttachmentTarget = { readonly type: 'multus' | 'sriov'; readonly namespace?: string } & (
  | { readonly name: string }
  | { readonly pool: readonly string[] }
);

/**
 * Which networks an entry is about: all that is given must fit. A text fits an id or a name. Of several entries that fit, the one
 * that says most decides: an id says more than a name, a name more than a VLAN.
 */
export type NetworkSource = string | { readonly id?: string; readonly name?: string; readonly vlan?: number };

/** Source networks → target. */
export interface NetworkMap {
  readonly entries: readonly { readonly source: NetworkSource; readonly target: NetworkTarget }[];
}

/** How NetworkAttachmentDefinitions are made for networks that the map does not name. */
export type NetworkGeneration = {
  /** Where they are made; absent: in the namespace of the VMs. */
  readonly namespace?: string;
} & (
  | {
      readonly kind: 'bridge';
      /** Linux bridge of the nodes that carries the VLANs. The CNI plugin makes an empty one where a node has none. */
      readonly bridge: string;
    }
  | {
      readonly kind: 'ovn-localnet';
      /** Name of the physical network in OVN's bridge mappings. */
      readonly physicalNetwork: string;
    }
);

export interface StorageTarget {
  /** Absent: the cluster's default class. */
  readonly storageClass?: string;
  readonly volumeMode?: VolumeMode;
  readonly accessMode?: AccessMode;
  /** All space is taken from the start, and the guest's discards do not give it back. Goes before MappingOptions.allocation. */
  readonly preallocate?: boolean;
}

/**
 * Which disks an entry is about: all that is given must fit. A text is a datastore, volume or folder by id or name; `*` is every
 * disk. Of several entries that fit, the one that says most decides: a disk says more than a VM, a VM more than a policy, a
 * policy more than a storage, a storage more than `*`; of equals the first.
 */
export type StorageSource =
  | string
  | {
      /** Id or name of a datastore, volume or folder. */
      readonly storage?: string;
      /** Storage policy by name. */
      readonly policy?: string;
      /** Id or name of a VM. */
      readonly vm?: string;
      /** Key, label or file of a disk. */
      readonly disk?: string;
    };

/** Source disks → target. */
export interface StorageMap {
  readonly entries: readonly { readonly source: StorageSource; readonly target: StorageTarget }[];
}

/** Choices of the user that are neither table nor fact. */
export interface MappingOptions {
  /** Namespace of the created objects; absent leaves it to `kubectl -n`. */
  readonly namespace?: string;
  /** `virtio`: the guest has, or will be given, virtio drivers. `compatibility`: sata disks and e1000e NICs. */
  readonly devices: 'virtio' | 'compatibility';
  /** Virtual CPUs instead of what the source says, or does not say (bare images). */
  readonly cpus?: number;
  /** Memory in bytes instead of what the source says, or does not say. */
  readonly memory?: Bytes;
  /** Firmware instead of what the source says, or does not say. */
  readonly firmware?: 'bios' | 'uefi';
  /** CPU model: `host-model`, `host-passthrough` or a name such as `Skylake-Server`. Absent: what the cluster says. */
  readonly cpuModel?: string;
  /** Machine type. Absent: `q35`, which KubeVirt makes a version of. */
  readonly machineType?: MachineType;
  /** IANA zone of the hardware clock of Windows guests whose source does not state one. */
  readonly timezone?: string;
  /** `as-source`: for VMs that the source binds to processors or marks as latency sensitive. `all`: for every VM. Absent: for none. */
  readonly dedicatedCpus?: 'as-source' | 'all';
  /** Memory from huge pages of this size, where it is a multiple of one. */
  readonly hugepages?: HugepageSize;
  /** Reservations and limits of the source become requests and limits. Absent: Kubernetes' own rules. */
  readonly reservations?: {
    /** Megahertz that count as one core, above 0; without it megahertz are dropped and only shares of cores are carried over. */
    readonly mhzPerCpu?: number;
  };
  /** `exact`: an instance type of the `u1` series where one has this size; `nearest`: the smallest that is no smaller. Absent: none. */
  readonly instancetypes?: 'exact' | 'nearest';
  /** `as-source`: disks that were allocated in full at the source. `full`: all of them. Absent: `thin`. */
  readonly allocation?: 'thin' | 'as-source' | 'full';
  /** `copy`: the content becomes an ordinary disk. `lun`: it is copied to a block volume that takes SCSI commands. Absent: `copy`. */
  readonly passthroughDisks?: 'copy' | 'lun' | 'refuse';
  /** Rules that keep VMs together or apart: `preferred` when a pod is placed, or `required`. Absent: `preferred`. */
  readonly placementRules?: 'preferred' | 'required';
  /** What VMs should do once they are migrated. Absent: run where the source ran, stay off where it did not. */
  readonly runStrategy?: RunStrategy;
  /** Names of VMs: a text with `{vm}`, the source's name: `prod-{vm}`. */
  readonly vmNames?: string;
  /** Names of claims: a text with `{vm}`, the target name, and `{disk}`, the number of the disk. Absent: `{vm}-disk-{disk}`. */
  readonly claimNames?: string;
  /** Names of interfaces in a VM: a text with `{nic}`, the number of the NIC. Absent: `nic-{nic}`. */
  readonly nicNames?: string;
  /** Absent: networks that the map does not name get no attachment. */
  readonly generateNetworks?: NetworkGeneration;
}

/** Why one field of a manifest is what it is, or why a fact of the source is not in it. The dry run is a list of these. */
export interface Decision {
  /** Path of the source fact: `disks[0].slot`; empty string when no fact stands behind the field. */
  readonly from: string;
  /** Path in the target: `VirtualMachine/spec.template.spec.domain.cpu.sockets`; empty string when the fact is dropped. */
  readonly to: string;
  readonly outcome: 'kept' | 'changed' | 'added' | 'dropped';
  /** Source value as text, where there is one. */
  readonly was?: string;
  /** Chosen value as text, where there is one. */
  readonly value?: string;
  /** Kebab-case id of the rule that decided. */
  readonly rule: string;
  readonly because: string;
}

/** An object that VMs share and none of them owns, made once for a run. */
export interface SharedObject {
  readonly manifest: SharedManifest;
  readonly decisions: readonly Decision[];
}

/** Which claim holds which disk: the bridge from mapping to transfer. */
export interface DiskPlacement {
  /** Key of the SourceVm disk. */
  readonly disk: string;
  /** Name of the PersistentVolumeClaim, and of the raw image in a folder. */
  readonly claim: string;
  /** For a claim that several VMs share: the VM (`VmRef.id`) whose migration makes and fills it. The others only attach it. */
  readonly filledBy?: string;
}

export interface Mapping {
  readonly vm: VmRef;
  /** Name of the VirtualMachine on the target: DNS-1123 label, unique in the plan. */
  readonly targetName: string;
  /** What `runStrategy` should become when the migration is complete; the manifest itself stays Halted. */
  readonly runStrategy?: RunStrategy;
  readonly manifests: readonly Manifest[];
  readonly placements: readonly DiskPlacement[];
  readonly decisions: readonly Decision[];
  readonly concerns: readonly Concern[];
}
