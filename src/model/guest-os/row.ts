/** The shape of the guest operating system catalogue. The rows are beside this file, one file a family. */
export type OsFamily = 'windows' | 'linux' | 'bsd' | 'solaris' | 'esxi' | 'darwin' | 'other';

/**
 * How a guest gets along with virtio devices. `builtin`: its kernel has the drivers. `transitional`: only those of virtio 0.9.
 * `installable`: the vendor ships none, but virtio-win (or a package) exists. `none`: no driver exists.
 */
export type VirtioReadiness = 'builtin' | 'transitional' | 'installable' | 'none';

export interface GuestOs {
  /** Stable id of our own: `windows-2019`, `rhel-8`, `linux`. */
  readonly id: string;
  readonly name: string;
  readonly family: OsFamily;
  /** The row names a family only (`Linux`, `Other`), so a more exact text may say more. */
  readonly generic?: true;
  readonly virtio: VirtioReadiness;
  /** AHCI (SATA) driver in the box; KubeVirt has no IDE bus to fall back to. */
  readonly ahci: boolean;
  /** Day on which the vendor's regular support ended (extended and paid programmes not counted), as known in November 2026. */
  readonly supportEnded?: string;
  /** Refuses to install or to be supported without UEFI and TPM. */
  readonly needsUefi?: true;
  /** KubeVirt common-instancetypes preference: once virtio drivers are in, and without them. */
  readonly preference?: { readonly virtio: string; readonly compatibility: string };
}

/** A row of the catalogue with the identifiers that mean it. Identifiers are written as `normaliseOsId` leaves them. */
export interface GuestOsRow extends GuestOs {
  /** VMware guestId and VMX guestOS. */
  readonly vmware?: readonly string[];
  /** CIM_OperatingSystem.OsType, the `ovf:id` of OperatingSystemSection (CIM schema 2.52). */
  readonly cim?: readonly number[];
  /** VirtualBox OSType ids. */
  readonly vbox?: readonly string[];
  /** Matches descriptions in plain words. */
  readonly text?: RegExp;
}

/** Anything that KVM's para-virtual devices never reached. */
export function legacy(
  row: Omit<GuestOsRow, 'virtio' | 'ahci' | 'family'> & { readonly family?: GuestOsRow['family'] },
): GuestOsRow {
  return { family: 'other', ...row, virtio: 'none', ahci: false };
}
