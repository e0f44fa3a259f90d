import type { Bytes } from './units.ts';

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
