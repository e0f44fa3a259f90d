/** Chains of images that we read ourselves, VHDX and VHD, wherever their bytes lie. Each layer is held to what its child says of it. */
import { MigrationError } from '../../../model/errors.ts';
import type { ImageFormat } from '../../../model/transfer.ts';
import { type Bytes, formatApart } from '../../../model/units.ts';
import type { BlockLayer, StoredBytes } from '../../formats/layered/layer.ts';
import { Trouble } from '../../formats/layered/trouble.ts';
import { openVhd } from '../../formats/vhd/open-vhd.ts';
import { openVhdx } from '../../formats/vhdx/open-vhdx.ts';

/** Deeper than any chain that works; each layer costs an open file and a few MiB. */
const MAX_LAYERS = 64;

type Open = (bytes: StoredBytes, file: string, signal: AbortSignal) => Promise<BlockLayer>;

const FORMATS: { readonly [format in ImageFormat]?: Open } = { vhd: openVhd, vhdx: openVhdx };

/** One image of a chain, before it is opened. */
export interface ChainLayer {
  readonly format: ImageFormat;
  /** Its file, for messages. */
  readonly name: string;
  /** Its bytes. Whoever calls `openLayers` closes them. */
  readonly open: () => Promise<StoredBytes>;
}

/** The image that the guest wrote last, then its parents, nearest first. */
export type Chain = readonly [ChainLayer, ...ChainLayer[]];

export function isLayered(format: ImageFormat): boolean {
  return FORMATS[format] !== undefined;
}

/**
 * @param capacity guest-visible size
 * @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `image-too-large`, `image-parent-missing`,
 *   `capacity-smaller-than-image`, `source-read-failed`, `canceled`; what `open` of a layer throws
 */
export async function openLayers(
  chain: Chain,
  capacity: Bytes,
  signal: AbortSignal,
): Promise<readonly [BlockLayer, ...BlockLayer[]]> {
  if (chain.length > MAX_LAYERS) {
    throw new MigrationError('image-unsupported', `The image has ${chain.length} layers; ${MAX_LAYERS} are possible.`);
  }
  const [first, ...rest] = chain;
  const top = await openLayer(first, signal);
  checkFits(top, capacity);
  const parents: BlockLayer[] = [];
  let child = { layer: first, block: top };
  for (const layer of rest) {
    const trouble = new Trouble(child.layer.format.toUpperCase(), child.layer.name);
    if (layer.format !== child.layer.format) throw trouble.malformed(`its parent is a ${layer.format} image`);
    if (child.block.parent === undefined) throw trouble.malformed('it stands alone, but a parent was named for it');
    const block = await openLayer(layer, signal);
    if (!child.block.parent.includes(block.identity)) {
      throw trouble.malformed(`its parent ${layer.name} was changed after it, or is another disk`);
    }
    parents.push(block);
    child = { layer, block };
  }
  if (child.block.parent === undefined) return [top, ...parents];
  const message = 'The image stands on a parent that was not found.';
  throw new MigrationError('image-parent-missing', message, { file: child.layer.name });
}

async function openLayer({ format, name, open }: ChainLayer, signal: AbortSignal): Promise<BlockLayer> {
  const understand = FORMATS[format];
  if (understand === undefined) throw new Error(`Images of the format ${format} are not read in layers`);
  return await understand(await open(), name, signal);
}

function checkFits({ capacity: held }: BlockLayer, capacity: Bytes): void {
  if (held <= capacity) return;
  const [image, most] = formatApart(held, capacity);
  const message = `The image holds ${image}, the disk only ${most}.`;
  throw new MigrationError('capacity-smaller-than-image', message, { at: `${held} and ${capacity} bytes` });
}

/** `the VHDX says where data is`, to follow the name of a transport. */
export function describeChain({ length, 0: { format } }: Chain): string {
  const what = length === 1 ? `the ${format.toUpperCase()} says` : `${length} ${format.toUpperCase()} files say`;
  return `${what} where data is`;
}
