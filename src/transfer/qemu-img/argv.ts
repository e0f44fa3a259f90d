/**
 * qemu's block graph as data, and the command lines made of it. Pure.
 * Every file that qemu may open is named here in JSON, which keeps any character of a file name; nothing that an image says
 * about other files is ever followed: `backing` is always written, as a layer or as null.
 */
import type { ImageFormat } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';

/** One node of qemu's block graph (QAPI BlockdevOptions, the part that we use). */
export type Blockdev =
  | { readonly driver: 'file'; readonly filename: string }
  | { readonly driver: 'raw'; readonly offset?: Bytes; readonly size?: Bytes; readonly file: Blockdev }
  | { readonly driver: 'vmdk'; readonly file: Blockdev; readonly backing: Blockdev | null }
  | {
      readonly driver: 'qcow2';
      readonly file: Blockdev;
      /** Only for images whose header says that their data is in another file; qemu then uses this one. */
      readonly 'data-file'?: Blockdev;
      readonly backing: Blockdev | null;
    }
  | { readonly driver: 'vpc'; readonly force_size_calc: 'current_size'; readonly file: Blockdev }
  | { readonly driver: 'vhdx' | 'vdi'; readonly file: Blockdev };

/** A whole file. */
export function fileNode(filename: string): Blockdev {
  return { driver: 'file', filename };
}

/** Part of a file. qemu 7.2 takes a `size` of whole 512-byte sectors only. */
export function sliceNode(filename: string, offset: Bytes, size: Bytes): Blockdev {
  return { driver: 'raw', offset, size, file: fileNode(filename) };
}

/**
 * An image over the node that holds its bytes.
 * VHD: the size is the footer's current size, as Hyper-V takes it, never the CHS geometry that qemu prefers for some writers.
 */
export function imageNode(format: ImageFormat, file: Blockdev, backing: Blockdev | null): Blockdev {
  switch (format) {
    case 'vmdk':
    case 'qcow2':
      return { driver: format, file, backing };
    case 'vhd':
      return { driver: 'vpc', force_size_calc: 'current_size', file };
    case 'raw':
    case 'vhdx':
    case 'vdi':
      return { driver: format, file };
  }
}

/** A block graph in the place of a file name (qemu's `json:` pseudo-protocol). */
export function blockdevName(node: Blockdev): string {
  return `json:${JSON.stringify(node)}`;
}
