/** A VMDK that starts with a sparse header. Descriptor files are in `inspect-vmdk-descriptor.ts`. */
import type { Bytes } from '../../../src/model/units.ts';
import { parseUuid, type Uuid } from '../../../src/model/units.ts';
import type { ExtraFact } from '../../../src/model/vm.ts';
import type { ImageLocation } from '../seam.ts';
import { countGrains } from './grain-tables.ts';
import type { ImageBytes } from './image-bytes.ts';
import type { Inspected, ParentReference } from './inspection.ts';
import { malformed, truncated, unsupported } from './trouble.ts';
import { MAX_VMDK_DESCRIPTOR, parseVmdkDescriptor, type VmdkDescriptor } from './vmdk-descriptor.ts';
import { FOOTER_LENGTH, type GrainDirectory, parseFooter, parseKdmv, SECTOR, type SparseHeader } from './vmdk-sparse.ts';

/**
 * Hosted sparse and streamOptimized images.
 * @throws MigrationError `image-truncated`, `image-malformed`, `image-unsupported`, `image-too-large`
 */
export async function inspectSparseVmdk(location: ImageLocation, bytes: ImageBytes, head: Buffer): Promise<Inspected> {
  const header = parseKdmv(head, bytes.name);
  const descriptor = await readEmbedded(bytes, header);
  if (descriptor === undefined && !header.compressed) {
    throw unsupported(bytes.name, 'this is one extent of a split disk', 'Give the descriptor file that names it.');
  }
  const allocated = await measureSparse(bytes, header);
  const variant = descriptor?.createType ?? 'streamOptimized';
  return {
    layer: vmdkLayer(location),
    format: { container: 'vmdk', variant },
    capacity: header.capacity,
    ...(allocated !== undefined && { allocated }),
    ...describeDescriptor(descriptor, bytes.name, header.unclean ? [{ path: 'image/uncleanShutdown', value: '1' }] : []),
  };
}

/** Checks that directory, tables and data of one sparse image are there; bytes in allocated grains where that is cheap. */
export async function measureSparse(bytes: ImageBytes, header: SparseHeader): Promise<Bytes | undefined> {
  const directory = header.directory ?? (await directoryFromFooter(bytes, header));
  return directory && (await countGrains(bytes, header, directory));
}

/** Undefined for a gzip stream, whose end is out of reach. */
async function directoryFromFooter(bytes: ImageBytes, header: SparseHeader): Promise<GrainDirectory | undefined> {
  if (bytes.readable < bytes.size) return undefined;
  if (bytes.size < SECTOR + FOOTER_LENGTH) throw truncated(bytes.name, 'its footer is missing');
  const footer = parseFooter(await bytes.read(bytes.size - FOOTER_LENGTH, FOOTER_LENGTH), bytes.name);
  if (footer?.directory === undefined) throw truncated(bytes.name, 'its footer is missing');
  if (footer.capacity !== header.capacity) throw malformed(bytes.name, 'header and footer state two sizes');
  return footer.directory;
}

async function readEmbedded(bytes: ImageBytes, header: SparseHeader): Promise<VmdkDescriptor | undefined> {
  if (header.descriptor === undefined) return undefined;
  const { offset, length } = header.descriptor;
  if (offset + length > bytes.size) throw truncated(bytes.name, 'its embedded descriptor is missing');
  if (length > MAX_VMDK_DESCRIPTOR || offset + length > bytes.readable)
    throw malformed(bytes.name, 'its descriptor is out of place');
  const text = await bytes.read(offset, length);
  // An extent of a split disk has the room, and nothing in it.
  return text[0] === 0 ? undefined : parseVmdkDescriptor(text, bytes.name);
}

export function vmdkLayer(location: ImageLocation): Inspected['layer'] {
  return { format: 'vmdk', slices: location.slices, ...(location.gzip !== undefined && { gzip: location.gzip }) };
}

/** What every descriptor says, embedded or not. */
export function describeDescriptor(
  descriptor: VmdkDescriptor | undefined,
  file: string,
  extras: readonly ExtraFact[],
): Omit<Inspected, 'layer' | 'format' | 'capacity' | 'allocated'> {
  if (descriptor === undefined) return { extras };
  const parent = parentOf(descriptor);
  const uuid = diskUuid(descriptor);
  return {
    ...(descriptor.cid !== undefined && { identity: descriptor.cid }),
    ...(parent !== undefined && { parent }),
    ...(uuid !== undefined && { uuid }),
    ...(descriptor.changeTrackFile !== undefined && { changeTracking: true }),
    ...(descriptor.encrypted && { encrypted: true, unreadable: encryptedTrouble(file) }),
    extras: [...extras, ...ddbExtras(descriptor)],
  };
}

function encryptedTrouble(file: string) {
  return unsupported(file, 'the disk is encrypted', 'Remove the encryption on the source, then export or copy the disk again.');
}

function parentOf({ parentCid, parentName }: VmdkDescriptor): ParentReference | undefined {
  if (parentCid === undefined) return undefined;
  return { names: parentName === undefined ? [] : [parentName], identities: [parentCid] };
}

/** VMware's `ddb.uuid` is `60 00 C2 9…`; VirtualBox writes `ddb.uuid.image`. */
function diskUuid({ values }: VmdkDescriptor): Uuid | undefined {
  return parseUuid(values.get('ddb.uuid') ?? values.get('ddb.uuid.image') ?? '');
}

/** Geometry and thin provisioning hints mean nothing elsewhere; the rest is kept. */
function ddbExtras({ values }: VmdkDescriptor): readonly ExtraFact[] {
  const kept = ['ddb.adaptertype', 'ddb.toolsversion', 'ddb.virtualhwversion', 'ddb.thinprovisioned', 'changetrackpath'];
  return kept.flatMap((key) => {
    const value = values.get(key);
    return value === undefined || value === '' ? [] : [{ path: `image/${key}`, value }];
  });
}
