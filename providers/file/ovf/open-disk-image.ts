/** A declared disk → its image, looked at; or a blank disk. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { FileSlice, ImageFormat, ImageLayer } from '../../../src/model/transfer.ts';
import { MAX_DISK_BYTES, MiB } from '../../../src/model/units.ts';
import { probeImage } from '../image/probe.ts';
import type { ImageLocation, ProbedImage } from '../seam.ts';
import type { DiskDraft } from './disks.ts';
import type { FileEntry } from './envelope.ts';
import { show } from './href.ts';
import type { PackageFiles } from './package.ts';
import { type FoundFile, needParts } from './package-file.ts';
import { malformed, placeOf } from './xml.ts';

export interface DiskFiles {
  readonly files: PackageFiles;
  /** Declared files by id. */
  readonly found: ReadonlyMap<string, FoundFile>;
}

/**
 * Looks at the images of a disk. Undefined for a blank one.
 * @throws MigrationError `package-file-missing`, `capacity-smaller-than-image`, `ovf-malformed`, and whatever is wrong with an image
 */
export async function openDiskImage(draft: DiskDraft, where: DiskFiles, signal: AbortSignal): Promise<ProbedImage | undefined> {
  const [entry, ...parents] = draft.files;
  if (entry === undefined) return undefined;
  const top = await probe(entry, draft, where, signal);
  if (draft.declared !== undefined && draft.declared < top.capacity) {
    throw new MigrationError(
      'capacity-smaller-than-image',
      `${show(entry.href)} holds a disk of ${top.capacity} bytes, but the descriptor declares ${draft.declared}`,
      { ...placeOf(draft.element), disk: draft.label },
    );
  }
  // An image that names its own parents is believed; ovf:parentRef counts for those that do not.
  if (top.layers.length > 1) return top;
  const below: ImageLayer[] = [];
  for (const parent of parents) {
    const { layers } = await probe(parent, draft, where, signal);
    below.push(...layers);
    if (layers.length > 1) break;
  }
  return { ...top, layers: [top.layers[0], ...below] };
}

async function probe(entry: FileEntry, draft: DiskDraft, where: DiskFiles, signal: AbortSignal): Promise<ProbedImage> {
  const location = locate(entry, draft, where);
  if (entry.compression === undefined) return await probeImage(location, signal);
  if (entry.compression !== 'gzip')
    throw malformed(entry.element, `${show(entry.href)} is compressed as ${show(entry.compression)}`);
  const { declared } = draft;
  if (declared === undefined) throw malformed(entry.element, `${show(entry.href)} is compressed, and its disk has no capacity`);
  if (location.formatHint !== 'raw') {
    // A container is a little larger than what it holds: grain markers, tables, headers.
    const inflated = Math.min(MAX_DISK_BYTES, declared + Math.ceil(declared / 32) + MiB);
    const image = await probeImage({ ...location, gzip: { inflated } }, signal);
    if (image.format.container !== 'raw') return image;
  }
  return await probeImage({ ...location, gzip: { inflated: declared } }, signal);
}

function locate(entry: FileEntry, draft: DiskDraft, { files, found }: DiskFiles): ImageLocation {
  const file = found.get(entry.id);
  if (file === undefined) throw malformed(entry.element, `File ${entry.id} is not declared`);
  const [first, ...rest] = needParts(file);
  const slices: readonly [FileSlice, ...FileSlice[]] = [first.slice, ...rest.map((part) => part.slice)];
  const formatHint = formatByUri(draft.format);
  return {
    name: entry.href,
    slices,
    ...(files.folder === undefined ? {} : { folder: files.folder }),
    ...(files.members === undefined ? {} : { siblings: files.members }),
    ...(formatHint === undefined ? {} : { formatHint }),
  };
}

/** URIs that exporters write into ovf:format. */
function formatByUri(uri: string | undefined): ImageFormat | undefined {
  const word = uri?.toLowerCase() ?? '';
  if (word.includes('vmdk')) return 'vmdk';
  if (word.includes('vhdx')) return 'vhdx';
  if (word.includes('vhd')) return 'vhd';
  if (word.includes('qcow')) return 'qcow2';
  if (word.includes('vdi')) return 'vdi';
  return /\braw\b/.test(word) ? 'raw' : undefined;
}
