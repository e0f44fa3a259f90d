/** Which files an image names, without asking whether they are there: what a folder has to leave out of its list. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { ImageLocation } from '../seam.ts';
import { isForeignPath, lastPart } from './beside.ts';
import { type ImageBytes, openImage } from './image-bytes.ts';
import { inspectKind, recognise } from './inspect-image.ts';
import { isChangeMap } from './magic.ts';
import { MAX_VMDK_DESCRIPTOR, parseVmdkDescriptor } from './vmdk-descriptor.ts';

/** Names relative to the image's own folder. */
export type ImageReferences = readonly string[];

/** Names that promise an image: a file that breaks the promise is listed, so that reading it can say so. */
const IMAGE_NAME = /\.(vmdk|vhd|vhdx|avhd|avhdx|qcow|qcow2|vdi|img|raw|dd)$/i;

/** Undefined for a file that is no image and does not look like one by its name. */
export async function imageReferences(location: ImageLocation, signal: AbortSignal): Promise<ImageReferences | undefined> {
  await using bytes = await openImage(location, signal);
  try {
    const { kind, head } = await recognise(location, bytes);
    if (kind === 'vmdk-part') return isChangeMap(head) ? undefined : [];
    if (kind === 'raw') return [];
    if (kind === 'vmdk-descriptor') return await namesInDescriptor(bytes);
    const { parent, layer } = await inspectKind(kind, { location, bytes, head, signal });
    return [...(parent?.names ?? []).map(localName), ...(layer.extents ?? [])];
  } catch (cause) {
    if (!(cause instanceof MigrationError)) throw cause;
    return cause.code !== 'source-unrecognised' || IMAGE_NAME.test(location.name) ? [] : undefined;
  }
}

async function namesInDescriptor(bytes: ImageBytes): Promise<ImageReferences> {
  const descriptor = parseVmdkDescriptor(await bytes.read(0, Math.min(bytes.size, MAX_VMDK_DESCRIPTOR)), bytes.name);
  const { extents, parentName, parentCid } = descriptor;
  const parent = parentName === undefined || parentCid === undefined ? [] : [localName(parentName)];
  return [...extents.flatMap(({ file }) => file ?? []), ...parent];
}

/** As `findParent` looks for it. */
function localName(name: string): string {
  return isForeignPath(name) ? lastPart(name) : name;
}
