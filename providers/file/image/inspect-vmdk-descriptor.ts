/**
 * A VMDK descriptor file with its extents. Every name is resolved and every extent is measured here: the transfer opens exactly
 * what was found.
 */
import { basename } from 'node:path';
import type { FileSlice } from '../../../src/model/transfer.ts';
import type { Bytes } from '../../../src/model/units.ts';
import type { ImageLocation } from '../seam.ts';
import { type Beside, findExtent } from './beside.ts';
import { type ImageBytes, openImage } from './image-bytes.ts';
import { describeDescriptor, measureSparse, vmdkLayer } from './inspect-vmdk.ts';
import type { Inspected } from './inspection.ts';
import { checkCapacity, malformed, truncated, unsupported } from './trouble.ts';
import {
  MAX_VMDK_DESCRIPTOR,
  parseVmdkDescriptor,
  passthroughKind,
  type VmdkDescriptor,
  type VmdkExtent,
} from './vmdk-descriptor.ts';
import { hasSeSparseJournal, parseCowd, parseKdmv, parseSeSparse, SECTOR } from './vmdk-sparse.ts';

const READABLE = ['FLAT', 'VMFS', 'SPARSE', 'VMFSSPARSE', 'SESPARSE', 'ZERO'];
const FLAT = ['FLAT', 'VMFS'];

/** One extent as found on disk. */
interface Found {
  readonly extent: VmdkExtent;
  readonly beside?: Beside;
  readonly allocated?: Bytes;
  readonly unreadable?: NonNullable<Inspected['unreadable']>;
}

/**
 * @throws MigrationError `image-malformed`, `image-truncated`, `image-extent-missing`, `image-extent-unsafe`, `image-too-large`
 */
export async function inspectVmdkDescriptor(location: ImageLocation, bytes: ImageBytes, signal: AbortSignal): Promise<Inspected> {
  const file = bytes.name;
  if (bytes.size > MAX_VMDK_DESCRIPTOR) throw malformed(file, 'a VMDK descriptor of 1 MiB or more is not possible');
  const text = await bytes.read(0, bytes.size);
  const descriptor = parseVmdkDescriptor(text, file);
  const sectors = descriptor.extents.reduce((sum, extent) => sum + extent.sectors, 0);
  const capacity = checkCapacity(sectors * SECTOR, file);
  const shared = {
    layer: vmdkLayer(location),
    format: { container: 'vmdk', ...(descriptor.createType !== undefined && { variant: descriptor.createType }) },
    capacity,
    ...describeDescriptor(descriptor, file, []),
  } as const;
  const passthrough = passthroughKind(descriptor.createType);
  if (passthrough !== undefined) return { ...shared, passthrough, unreadable: passthroughTrouble(file) };

  const found: Found[] = [];
  for (const extent of descriptor.extents) found.push(await inspectExtent(location, extent, signal));
  return { ...shared, ...arrange(file, { descriptor, text, found, shared }) };
}

function passthroughTrouble(file: string) {
  return unsupported(
    file,
    'the disk is a LUN or a physical disk, its data is not in files',
    'Convert the mapping to a virtual disk on the source, or attach the LUN to the target.',
  );
}

async function inspectExtent(location: ImageLocation, extent: VmdkExtent, signal: AbortSignal): Promise<Found> {
  if (extent.file === undefined) return { extent };
  const beside = await findExtent(location, extent.file);
  const end = ((extent.offset ?? 0) + extent.sectors) * SECTOR;
  if (FLAT.includes(extent.type)) {
    if (end > beside.slice.length) throw truncated(extent.file, `${end} bytes are needed, it has ${beside.slice.length}`);
    return { extent, beside };
  }
  await using bytes = await openImage({ name: extent.file, slices: [beside.slice] }, signal);
  return { extent, beside, ...(await inspectSparseExtent(bytes, extent)) };
}

async function inspectSparseExtent(bytes: ImageBytes, extent: VmdkExtent): Promise<Omit<Found, 'extent' | 'beside'>> {
  if (bytes.size < SECTOR) throw truncated(bytes.name, 'its header is missing');
  const head = await bytes.read(0, SECTOR);
  switch (extent.type) {
    case 'SPARSE':
    case 'VMFSSPARSE': {
      const header = extent.type === 'SPARSE' ? parseKdmv(head, bytes.name) : parseCowd(head, bytes.name);
      checkSize(bytes.name, extent, header.capacity);
      const allocated = await measureSparse(bytes, header);
      return { ...(allocated !== undefined && { allocated }) };
    }
    case 'SESPARSE': {
      const header = parseSeSparse(head, bytes.name);
      checkSize(bytes.name, extent, header.capacity);
      if (header.directory.offset + header.directory.length > bytes.size)
        throw truncated(bytes.name, 'its grain directory is missing');
      if (header.volatileOffset + SECTOR > bytes.size) throw truncated(bytes.name, 'its volatile header is missing');
      const hasJournal = hasSeSparseJournal(await bytes.read(header.volatileOffset, SECTOR), bytes.name);
      return hasJournal
        ? { unreadable: unsupported(bytes.name, 'its journal waits to be replayed', 'Consolidate the snapshots.') }
        : {};
    }
    default:
      return { unreadable: unsupported(bytes.name, `extents of type ${extent.type} cannot be read`) };
  }
}

/** QEMU takes the size from the extent, VMware from the descriptor: only where they agree is the disk known. */
function checkSize(name: string, extent: VmdkExtent, capacity: Bytes): void {
  if (capacity !== extent.sectors * SECTOR) {
    throw malformed(name, `the extent holds ${capacity} bytes where its descriptor states ${extent.sectors * SECTOR}`);
  }
}

interface Arrangement {
  readonly descriptor: VmdkDescriptor;
  readonly text: Buffer;
  readonly found: readonly Found[];
  readonly shared: Pick<Inspected, 'layer' | 'unreadable'>;
}

/** How the extents can be read: through the descriptor, as slices that follow each other, or not. */
function arrange(file: string, { descriptor, text, found, shared }: Arrangement): Partial<Inspected> {
  const allocated = sumAllocated(found);
  const facts = { ...(allocated !== undefined && { allocated }) };
  const first = found.find((one) => one.unreadable !== undefined)?.unreadable;
  const unreadable = shared.unreadable ?? first;
  if (unreadable !== undefined) return { ...facts, unreadable };
  if (isReadable(descriptor, text, found)) {
    const extents = [...new Set(found.flatMap(({ beside }) => (beside === undefined ? [] : [beside.slice.path])))];
    return { ...facts, layer: { ...shared.layer, extents } };
  }
  const slices = flatSlices(found);
  if (slices !== undefined && descriptor.parentCid === undefined) return { ...facts, layer: { format: 'raw', slices } };
  return {
    ...facts,
    unreadable: unsupported(file, `a VMDK of kind ${descriptor.createType ?? 'unknown'} with these extents cannot be read`),
  };
}

/**
 * The transfer writes the descriptor anew for QEMU and finds the extents in `extents` by the last part of their names, whose bytes
 * it takes as UTF-8.
 */
function isReadable({ extents }: VmdkDescriptor, text: Buffer, found: readonly Found[]): boolean {
  const paths = new Set(found.flatMap(({ beside }) => beside?.slice.path ?? []));
  if (new Set([...paths].map((path) => basename(path))).size < paths.size) return false;
  if (extents.some(({ access, type }) => access === 'NOACCESS' || !READABLE.includes(type))) return false;
  return found.every(({ extent: { file, type }, beside }) => {
    if (file === undefined) return type === 'ZERO';
    const isNamed = text.includes(`"${file}"`) && basename(beside?.slice.path ?? '') === basename(file);
    return isNamed && beside?.inArchive === false;
  });
}

/** Undefined where an extent is not flat. */
function flatSlices(found: readonly Found[]): readonly FileSlice[] | undefined {
  const slices: FileSlice[] = [];
  for (const { extent, beside } of found) {
    if (beside === undefined || !FLAT.includes(extent.type) || extent.access === 'NOACCESS') return undefined;
    const { path, offset } = beside.slice;
    slices.push({ path, offset: offset + (extent.offset ?? 0) * SECTOR, length: extent.sectors * SECTOR });
  }
  return slices;
}

function sumAllocated(found: readonly Found[]): Bytes | undefined {
  let sum = 0;
  for (const { allocated } of found) {
    if (allocated === undefined) return undefined;
    sum += allocated;
  }
  return sum;
}
