/**
 * The text descriptor of a VMDK (VMware «Virtual Disk Format 5.0», «The Descriptor File»): read for its extents, and written
 * anew for qemu. The copy says the same, but every file name in it is ours: qemu 7.2 follows absolute paths, URLs and
 * parent hints of a descriptor, and passes silently over ZERO and RDONLY extents, which shifts the disk. Pure.
 */
import { MigrationError } from '../../../model/errors.ts';
import type { Bytes } from '../../../model/units.ts';

export const SECTOR = 512;
/** Larger descriptors are refused by qemu too (block/vmdk.c reads 1 MiB at most). */
export const MAX_DESCRIPTOR_BYTES: Bytes = 1024 * 1024;
const MAX_EXTENTS = 20_000;

export type VmdkExtentType = 'FLAT' | 'VMFS' | 'SPARSE' | 'VMFSSPARSE' | 'SESPARSE' | 'ZERO';

export interface VmdkExtentLine {
  /** Length in sectors. */
  readonly sectors: number;
  readonly type: VmdkExtentType;
  /** As written; absent for ZERO. */
  readonly file?: string;
  /** First sector inside the file; FLAT and VMFS only. */
  readonly offset: number;
}

export interface VmdkDescriptor {
  /** Content ids in hexadecimal: a parent's `cid` must be its child's `parentCid`. */
  readonly cid: string;
  readonly parentCid: string;
  readonly extents: readonly VmdkExtentLine[];
}

const EXTENT = /^(RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+([A-Z]+)(?:\s+"([^"]*)"(?:\s+(\d{1,15}))?)?\s*$/;
const TYPES: ReadonlySet<string> = new Set(['FLAT', 'VMFS', 'SPARSE', 'VMFSSPARSE', 'SESPARSE', 'ZERO']);
/** Content id of a disk without a parent. */
const NO_PARENT = 'ffffffff';

/**
 * @param text the descriptor, decoded
 * @throws MigrationError `image-malformed`, `image-unsupported`
 */
export function parseDescriptor(text: string): VmdkDescriptor {
  const extents: VmdkExtentLine[] = [];
  let cid = NO_PARENT;
  let parentCid = NO_PARENT;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    const id = /^(CID|parentCID)\s*=\s*"?([0-9a-f]{1,8})"?$/i.exec(line);
    if (id?.[1] !== undefined && id[2] !== undefined) {
      if (id[1].toLowerCase() === 'cid') cid = id[2];
      else parentCid = id[2];
    }
    if (/^(RW|RDONLY|NOACCESS)\s/.test(line)) extents.push(parseExtent(line));
    if (extents.length > MAX_EXTENTS) throw malformed('it names too many extents');
  }
  if (extents.length === 0) throw malformed('it names no extent');
  return { cid, parentCid, extents };
}

function parseExtent(line: string): VmdkExtentLine {
  const [, access, sectors, type, file, offset] = EXTENT.exec(line) ?? [];
  if (access === undefined || type === undefined) throw malformed(`the extent line "${line.slice(0, 100)}" cannot be read`);
  if (access === 'NOACCESS' || !isExtentType(type)) {
    throw new MigrationError('image-unsupported', `The VMDK has an extent that cannot be read: ${access} ${type.slice(0, 20)}.`);
  }
  if ((file === undefined) !== (type === 'ZERO')) throw malformed(`the extent line "${line.slice(0, 100)}" names no file`);
  return { sectors: Number(sectors), type, ...(file === undefined ? {} : { file }), offset: Number(offset ?? 0) };
}

function isExtentType(type: string): type is VmdkExtentType {
  return TYPES.has(type);
}

function malformed(what: string): MigrationError {
  return new MigrationError('image-malformed', `The VMDK descriptor is damaged: ${what}.`);
}

/** An extent of a descriptor that we write: `file` is a plain name beside it, without quotes. */
export interface WrittenExtent {
  readonly sectors: number;
  /** VMFS extents are flat too; qemu takes no offset for them, so they are written as FLAT. */
  readonly type: Exclude<VmdkExtentType, 'ZERO' | 'VMFS'>;
  readonly file: string;
  readonly offset: number;
}

/** A descriptor of exactly these extents. The create type is one that lets qemu take each extent by its own type. */
export function writeDescriptor(options: { cid?: string; parentCid?: string; extents: readonly WrittenExtent[] }): string {
  const { cid = 'fffffffe', parentCid = NO_PARENT, extents } = options;
  const lines = extents.map(({ sectors, type, file, offset }) =>
    type === 'FLAT' ? `RW ${sectors} ${type} "${file}" ${offset}` : `RW ${sectors} ${type} "${file}"`,
  );
  const head = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${cid}`,
    `parentCID=${parentCid}`,
    'createType="twoGbMaxExtentSparse"',
  ];
  return [...head, ...lines, ''].join('\n');
}
