/** A package: a descriptor, perhaps a manifest, and the files that they name, in a folder or in an archive. */
import type { FileSlice } from '../../../src/model/transfer.ts';

export interface PackageFile {
  /** Name as the descriptor and the manifest write it: relative to the descriptor. */
  readonly name: string;
  readonly slice: FileSlice;
}

export interface PackageFiles {
  readonly kind: 'ova' | 'ovf';
  /** The file to name in errors: the OVA, or the descriptor. */
  readonly path: string;
  readonly descriptor: PackageFile;
  readonly manifest?: PackageFile;
  readonly certificate: boolean;
  /** The only folder that names may lead to; absent for an archive. */
  readonly folder?: string;
  /** Members of the archive by name relative to the descriptor; absent for a folder. */
  readonly members?: ReadonlyMap<string, FileSlice>;
  /**
   * Finds a file of the package by a checked relative name; undefined when it is not there.
   * @throws MigrationError `href-unsafe` when a link leads out of the package, `source-unreadable`
   */
  find(name: string): Promise<FileSlice | undefined>;
}
