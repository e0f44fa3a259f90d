/**
 * Turns an ImageSource into a block graph for qemu. Looks at the first bytes of each layer for what would make qemu open
 * files of its own choosing, and writes small descriptors into the workspace where qemu has no other way to read in place:
 * slices that follow each other (qemu has no concatenating driver) and VMDKs of several files.
 */
import { open, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../../model/errors.ts';
import type { FileSlice, ImageLayer, ImageSource } from '../../model/transfer.ts';
import { type Bytes, roundUp } from '../../model/units.ts';
import { checkCanceled } from '../cancellation.ts';
import {
  MAX_DESCRIPTOR_BYTES,
  parseDescriptor,
  SECTOR,
  type VmdkExtentLine,
  type WrittenExtent,
  writeDescriptor,
} from '../formats/vmdk/descriptor.ts';
import type { Workspace } from '../workspace.ts';
import { type Blockdev, fileNode, imageNode, sliceNode } from './argv.ts';

/** Deeper chains are refused; vSphere allows 32 snapshots. */
const MAX_LAYERS = 256;

/**
 * @throws MigrationError `image-unsupported`, `image-malformed`, `image-truncated`, `image-extent-unsafe`, `source-changed`, `canceled`
 */
export async function stageImage(source: ImageSource, workspace: Workspace, signal: AbortSignal): Promise<Blockdev> {
  if (source.layers.length > MAX_LAYERS) {
    throw new MigrationError('image-unsupported', `The image has ${source.layers.length} layers; ${MAX_LAYERS} are possible.`);
  }
  let node: Blockdev | null = null;
  for (const [depth, layer] of [...source.layers.entries()].toReversed()) {
    checkCanceled(signal);
    node = await new LayerStage(layer, depth, workspace).stage(node);
  }
  if (node === null) throw new Error('An image source has at least one layer');
  return node;
}

class LayerStage {
  readonly #layer: ImageLayer;
  readonly #depth: number;
  readonly #folder: string;
  #names = 0;

  constructor(layer: ImageLayer, depth: number, workspace: Workspace) {
    this.#layer = layer;
    this.#depth = depth;
    this.#folder = workspace.folder;
  }

  async stage(backing: Blockdev | null): Promise<Blockdev> {
    const { format, slices } = this.#layer;
    if (backing !== null && format !== 'vmdk' && format !== 'qcow2')
      throw this.#unsupported(`${format} images with a parent cannot be read`);
    if (format === 'vmdk' && !hasBinaryHeader(await readHead(slices, SECTOR))) {
      return imageNode('vmdk', await this.#rewriteDescriptor(), backing);
    }
    const bytes = await this.#bytes();
    // For a parent, qemu 7.2 takes our word over the child's hint only when it is one whole file.
    if (this.#depth > 0 && bytes.driver !== 'file')
      throw this.#unsupported('a parent image inside an archive or in parts cannot be read in place');
    const data = format === 'qcow2' ? await this.#dataFile() : undefined;
    return data === undefined ? imageNode(format, bytes, backing) : { driver: 'qcow2', file: bytes, 'data-file': data, backing };
  }

  /** Where a qcow2 header speaks of an external data file, the one that the provider found; never the one in the header. */
  async #dataFile(): Promise<Blockdev | undefined> {
    const { slices, extents = [] } = this.#layer;
    if (!hasDataFile(await readHead(slices, SECTOR))) return undefined;
    const [file] = extents;
    if (file === undefined || extents.length > 1)
      throw this.#unsupported('it keeps its data in another file, which was not found');
    return fileNode(file);
  }

  /** The node that gives the layer's bytes as they are stored. */
  async #bytes(): Promise<Blockdev> {
    const { slices } = this.#layer;
    const [first] = slices;
    if (first === undefined) throw new Error('A layer has at least one slice');
    if (slices.length > 1) return await this.#stitch();
    const fileSize = await sizeOf(first);
    if (first.offset === 0 && first.length === fileSize) return fileNode(first.path);
    const size = roundUp(first.length, SECTOR);
    return first.offset + size <= fileSize ? sliceNode(first.path, first.offset, size) : await this.#stitch();
  }

  /** A VMDK of flat extents that puts the slices one after the other. The last one may end inside a sector: qemu pads with zeros. */
  async #stitch(): Promise<Blockdev> {
    const { slices } = this.#layer;
    const extents: WrittenExtent[] = [];
    for (const [index, slice] of slices.entries()) {
      await sizeOf(slice);
      const whole = slice.length % SECTOR === 0 || index === slices.length - 1;
      if (slice.offset % SECTOR !== 0 || !whole) throw this.#unsupported('its parts are not cut at sectors of 512 bytes');
      const sectors = Math.ceil(slice.length / SECTOR);
      if (sectors > 0) extents.push({ sectors, type: 'FLAT', file: await this.#link(slice.path), offset: slice.offset / SECTOR });
    }
    return imageNode('vmdk', await this.#write(writeDescriptor({ extents })), null);
  }

  async #rewriteDescriptor(): Promise<Blockdev> {
    const { slices } = this.#layer;
    const total = slices.reduce((sum, slice) => sum + slice.length, 0);
    if (total > MAX_DESCRIPTOR_BYTES)
      throw new MigrationError('image-malformed', 'The VMDK has neither a known header nor a descriptor.');
    const { cid, parentCid, extents } = parseDescriptor((await readHead(slices, total)).toString('latin1'));
    const written: WrittenExtent[] = [];
    for (const extent of extents) written.push(await this.#extent(extent));
    return await this.#write(writeDescriptor({ cid, parentCid, extents: written }));
  }

  async #extent(line: VmdkExtentLine): Promise<WrittenExtent> {
    const { sectors, type, offset } = line;
    if (type === 'ZERO' || line.file === undefined) {
      const hole = path.join(this.#folder, this.#nextName());
      await writeFile(hole, '');
      await truncate(hole, sectors * SECTOR);
      return { sectors, type: 'FLAT', file: path.basename(hole), offset: 0 };
    }
    const found = this.#checkedExtent(line.file);
    if (type === 'FLAT' || type === 'VMFS') {
      await sizeOf({ path: found, offset: offset * SECTOR, length: sectors * SECTOR });
      return { sectors, type: 'FLAT', file: await this.#link(found), offset };
    }
    hasBinaryHeader(await readHead([{ path: found, offset: 0, length: SECTOR }], SECTOR));
    return { sectors, type, file: await this.#link(found), offset };
  }

  /** The file that the provider found for a name; nothing else is ever opened. Names may carry a folder of another machine. */
  #checkedExtent(name: string): string {
    const wanted = lastPart(Buffer.from(name, 'latin1').toString('utf8'));
    const found = this.#layer.extents?.filter((candidate) => path.basename(candidate) === wanted) ?? [];
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new MigrationError('image-extent-unsafe', `The VMDK names an extent that was not found beside it: ${wanted}.`, {
        file: this.#file(),
      });
    }
    return only;
  }

  /** A plain name for a file: descriptors cannot hold quotes or more than 511 bytes. */
  async #link(target: string): Promise<string> {
    const name = this.#nextName();
    await symlink(target, path.join(this.#folder, name));
    return name;
  }

  async #write(text: string): Promise<Blockdev> {
    const file = path.join(this.#folder, this.#nextName());
    await writeFile(file, text, { mode: 0o600 });
    return fileNode(file);
  }

  #nextName(): string {
    this.#names += 1;
    return `layer${this.#depth}-${this.#names}`;
  }

  #file(): string {
    return this.#layer.slices[0]?.path ?? '';
  }

  #unsupported(what: string): MigrationError {
    return new MigrationError('image-unsupported', `The image cannot be used as it is: ${what}.`, {
      file: this.#file(),
      hint: 'Unpack the archive, join the parts or consolidate the snapshots first.',
    });
  }
}

function lastPart(name: string): string {
  return name.split(/[/\\]/).at(-1) ?? name;
}

/** Size of the file that holds a slice. @throws MigrationError `image-truncated` when the slice is not wholly in it */
async function sizeOf(slice: FileSlice): Promise<Bytes> {
  const { size } = await stat(slice.path);
  if (slice.offset + slice.length > size) {
    throw new MigrationError(
      'image-truncated',
      `The file ends at byte ${size}; the disk needs it to byte ${slice.offset + slice.length}.`,
      {
        file: slice.path,
      },
    );
  }
  return size;
}

/** The first bytes of the slices together, up to `limit`. */
async function readHead(slices: readonly FileSlice[], limit: Bytes): Promise<Buffer> {
  const parts: Buffer[] = [];
  let left = limit;
  for (const slice of slices) {
    const length = Math.min(left, slice.length);
    if (length === 0) break;
    await using file = await open(slice.path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, slice.offset);
    parts.push(buffer.subarray(0, bytesRead));
    left -= length;
  }
  return Buffer.concat(parts);
}

/**
 * True for a VMDK with a binary header, false for a text descriptor.
 * @throws MigrationError `image-malformed` for a hosted sparse header of capacity 0: qemu then obeys the descriptor embedded in
 *   it, which may name any file (block/vmdk.c, vmdk_open_vmdk4)
 */
function hasBinaryHeader(head: Buffer): boolean {
  const magic = head.toString('latin1', 0, 4);
  if (magic === 'COWD') return true;
  if (magic !== 'KDMV') return head.length >= 8 && head.readBigUInt64LE(0) === 0xcafebaben;
  if (head.length < SECTOR || head.readBigUInt64LE(12) === 0n) {
    throw new MigrationError('image-malformed', 'The VMDK header states no capacity.');
  }
  return true;
}

/** Incompatible feature bit 2 of a qcow2 header of version 3 (QEMU docs/interop/qcow2.txt). */
function hasDataFile(head: Buffer): boolean {
  return head.length >= 80 && head.readUInt32BE(4) >= 3 && (head.readBigUInt64BE(72) & 4n) !== 0n;
}
