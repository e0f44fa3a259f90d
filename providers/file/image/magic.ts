/** What a file is, by its first and last bytes; its name only breaks ties. Pure. */
import type { ImageFormat } from '../../../src/model/transfer.ts';
import { isQcow } from './qcow2.ts';
import { isVdi } from './vdi.ts';
import { isVhdFooter, startsAsVhdFooter } from './vhd.ts';
import { isVmdkDescriptor } from './vmdk-descriptor.ts';
import { isSeSparse } from './vmdk-sparse.ts';

export type ImageKind =
  | 'vmdk-sparse'
  | 'vmdk-descriptor'
  /** A delta extent or a change map: only its descriptor makes a disk of it. */
  | 'vmdk-part'
  | 'vhd'
  | 'vhdx'
  | 'qcow2'
  | 'vdi'
  | 'raw';

/** How much of the start `identifyImage` wants: an ISO 9660 file system has its mark at 32 KiB. */
export const MAGIC_HEAD = 64 * 1024;

const RAW_NAME = /(\.(img|raw|bin|dd)|-flat\.vmdk)$/i;

/** Marks of files that people have beside images; a name for people. Offsets are 0 but for tar and ISO 9660. */
const OTHERS: readonly (readonly [mark: string, offset: number, what: string])[] = [
  ['\x1f\x8b', 0, 'a gzip file'],
  ['BZh', 0, 'a bzip2 file'],
  ['\xfd7zXZ\0', 0, 'an xz file'],
  ['\x28\xb5\x2f\xfd', 0, 'a zstd file'],
  ['7z\xbc\xaf\x27\x1c', 0, 'a 7z archive'],
  ['PK\x03\x04', 0, 'a zip archive'],
  ['Rar!', 0, 'a rar archive'],
  ['MSWIM\0\0\0', 0, 'a WIM image'],
  ['<?xml', 0, 'an XML file'],
  ['\x7fELF', 0, 'a program'],
  ['%PDF', 0, 'a PDF'],
  ['MZ', 0, 'a program'],
  ['ustar', 257, 'a tar archive'],
];

export interface ImageClues {
  readonly name: string;
  readonly head: Buffer;
  /** The last 512 bytes; absent when they are out of reach. */
  readonly tail?: Buffer;
  /** What a descriptor says the format is. */
  readonly hint?: ImageFormat;
}

/** The kind of an image, or in a few words why it is none. */
export function identifyImage({ name, head, tail, hint }: ImageClues): ImageKind | { readonly not: string } {
  const marked = kindByMark(head);
  if (marked !== undefined) return marked;
  const isNamedRaw = RAW_NAME.test(name) || hint === 'raw';
  const hasFooter = tail !== undefined && isVhdFooter(tail);
  // A guest may write what looks like a footer into the last sector of its raw disk: there the name decides.
  if (hasFooter && !isNamedRaw) return 'vhd';
  if (isNamedRaw) return 'raw';
  const promised = promisedFormat(name, hint);
  if (promised !== undefined) return { not: `neither its start nor its end is that of a ${promised.toUpperCase()} image` };
  const other = OTHERS.find(([mark, offset]) => head.toString('latin1', offset, offset + mark.length) === mark);
  if (other !== undefined) return { not: `it is ${other[2]}` };
  // Installation CDs carry a partition table too, so that they start from a USB stick.
  if (isCd(head) && (/\.iso$/i.test(name) || !hasPartitions(head))) return { not: 'it is the image of a CD' };
  if (hasPartitions(head)) return 'raw';
  return { not: 'it has neither the mark of an image format nor a partition table' };
}

function kindByMark(head: Buffer): ImageKind | undefined {
  const mark = head.toString('latin1', 0, 8);
  if (mark.startsWith('KDMV')) return 'vmdk-sparse';
  if (mark.startsWith('COWD') || isSeSparse(head) || isChangeMap(head)) return 'vmdk-part';
  if (isVmdkDescriptor(head)) return 'vmdk-descriptor';
  if (mark === 'vhdxfile') return 'vhdx';
  if (isQcow(head)) return 'qcow2';
  if (isVdi(head)) return 'vdi';
  if (startsAsVhdFooter(head)) return 'vhd';
  return undefined;
}

/** The change tracking file of VMware, `…-ctk.vmdk`. */
export function isChangeMap(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE(0) === 0xa2a2_d008;
}

/** The format that name or descriptor promise, which the content then did not keep. */
function promisedFormat(name: string, hint: ImageFormat | undefined): ImageFormat | undefined {
  if (hint !== undefined && hint !== 'raw') return hint;
  const [, extension] = /\.(vmdk|vhd|vhdx|avhd|avhdx|qcow2?|vdi)$/i.exec(name) ?? [];
  switch (extension?.toLowerCase()) {
    case 'vmdk':
    case 'vhd':
    case 'vhdx':
    case 'vdi':
      return extension.toLowerCase() as ImageFormat;
    case 'avhd':
      return 'vhd';
    case 'avhdx':
      return 'vhdx';
    case 'qcow':
    case 'qcow2':
      return 'qcow2';
    default:
      return undefined;
  }
}

/** An MBR whose table has an entry, or a GPT. The mark alone is also on a boot CD. */
function hasPartitions(head: Buffer): boolean {
  if (head.length < 520) return false;
  if (head.toString('latin1', 512, 520) === 'EFI PART') return true;
  const isMarked = head[510] === 0x55 && head[511] === 0xaa;
  return isMarked && [446, 462, 478, 494].some((at) => (head[at + 4] ?? 0) !== 0);
}

function isCd(head: Buffer): boolean {
  return head.toString('latin1', 32_769, 32_774) === 'CD001';
}
