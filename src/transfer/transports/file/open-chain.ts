/**
 * Opens images that we read ourselves: VHDX and VHD, alone or on their parents. qemu-img would show a dynamic one as full, and reads
 * neither parents nor a VHDX whose log was not replayed, nor one with sectors of 4096 bytes.
 */
import { MigrationError } from '../../../model/errors.ts';
import type { ImageFormat, ImageLayer, ImageSource } from '../../../model/transfer.ts';
import { type Bytes, formatApart } from '../../../model/units.ts';
import type { BlockLayer, StoredBytes } from '../../formats/layered/layer.ts';
import { Trouble } from '../../formats/layered/trouble.ts';
import { openVhd } from '../../formats/vhd/open-vhd.ts';
import { openVhdx } from '../../formats/vhdx/open-vhdx.ts';
import { SourceBytes } from '../../source-bytes.ts';
import type { DiskReader } from '../reader.ts';
import { ChainReader } from './chain-reader.ts';

/** Deeper than any chain that works; each layer costs an open file and a few MiB. */
const MAX_LAYERS = 64;

type Open = (bytes: StoredBytes, file: string, signal: AbortSignal) => Promise<BlockLayer>;

const FORMATS: { readonly [format in ImageFormat]?: Open } = { vhd: openVhd, vhdx: openVhdx };

/**
 * Undefined for images of other formats, and for a fixed VHD alone: there qemu knows the holes of the file, which we cannot see.
 * @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `image-too-large`, `image-parent-missing`,
 *   `capacity-smaller-than-image`, `source-read-failed`, `canceled`
 */
export async function openChain({ layers, capacity }: ImageSource, signal: AbortSignal): Promise<DiskReader | undefined> {
  const [{ format }] = layers;
  const open = FORMATS[format];
  if (open === undefined) return undefined;
  const files: SourceBytes[] = [];
  const close = async (): Promise<void> => {
    for (const file of files) await file[Symbol.asyncDispose]();
  };
  const openLayer = async (layer: ImageLayer): Promise<BlockLayer> => {
    const file = await SourceBytes.open(layer.slices);
    files.push(file);
    return await open(file, fileOf(layer), signal);
  };
  try {
    checkDepth(layers);
    const top = await openLayer(layers[0]);
    if (top.flat && layers.length === 1) {
      await close();
      return undefined;
    }
    checkFits(top, capacity);
    const parents = await openParents(top, layers, openLayer);
    return new ChainReader({ layers: [top, ...parents], size: capacity, transport: describe(layers), close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the parents and holds each to what its child says of it. */
async function openParents(
  top: BlockLayer,
  layers: ImageSource['layers'],
  open: (layer: ImageLayer) => Promise<BlockLayer>,
): Promise<readonly BlockLayer[]> {
  const parents: BlockLayer[] = [];
  let child = { layer: layers[0], block: top };
  for (const layer of layers.slice(1)) {
    const trouble = new Trouble(layer.format.toUpperCase(), fileOf(child.layer));
    if (layer.format !== child.layer.format) throw trouble.malformed(`its parent is a ${layer.format} image`);
    if (child.block.parent === undefined) throw trouble.malformed('it stands alone, but a parent was named for it');
    const block = await open(layer);
    if (!child.block.parent.includes(block.identity)) {
      throw trouble.malformed(`its parent ${fileOf(layer)} was changed after it, or is another disk`);
    }
    parents.push(block);
    child = { layer, block };
  }
  if (child.block.parent !== undefined) {
    const file = fileOf(child.layer);
    throw new MigrationError('image-parent-missing', 'The image stands on a parent that was not found.', { file });
  }
  return parents;
}

function checkDepth(layers: ImageSource['layers']): void {
  if (layers.length <= MAX_LAYERS) return;
  throw new MigrationError('image-unsupported', `The image has ${layers.length} layers; ${MAX_LAYERS} are possible.`);
}

function checkFits({ capacity: held }: BlockLayer, capacity: Bytes): void {
  if (held <= capacity) return;
  const [image, most] = formatApart(held, capacity);
  const message = `The image holds ${image}, the disk only ${most}.`;
  throw new MigrationError('capacity-smaller-than-image', message, { at: `${held} and ${capacity} bytes` });
}

function describe({ length, 0: { format } }: ImageSource['layers']): string {
  const what = length === 1 ? `the ${format.toUpperCase()} says` : `${length} ${format.toUpperCase()} files say`;
  return `file: ${what} where data is`;
}

function fileOf({ slices }: ImageLayer): string {
  return slices[0]?.path ?? '';
}
