/** A VHDX. Facts are read from its headers as they stand: a log that was not replayed is noted here, and replayed by whoever reads the disk. */
import { type Bytes, KiB, MiB, parseUuid } from '../../../src/model/units.ts';
import type { ExtraFact } from '../../../src/model/vm.ts';
import type { ImageLocation } from '../seam.ts';
import { isForeignPath, lastPart } from './beside.ts';
import type { ImageBytes } from './image-bytes.ts';
import type { Inspected, ParentReference } from './inspection.ts';
import { malformed, truncated, unsupported } from './trouble.ts';
import {
  parseVhdxHead,
  parseVhdxMetadata,
  VHDX_HEAD,
  VHDX_METADATA,
  type VhdxHead,
  type VhdxMetadata,
  type VhdxParent,
} from './vhdx.ts';

const TABLE_BUDGET: Bytes = 4 * MiB;
/** Payload block states (section 2.5.1.1) that have data in the file. */
const FULLY_PRESENT = 6;
const PARTIALLY_PRESENT = 7;

/** @throws MigrationError `image-truncated`, `image-malformed`, `image-unsupported`, `image-too-large` */
export async function inspectVhdx(location: ImageLocation, bytes: ImageBytes): Promise<Inspected> {
  const file = bytes.name;
  const head = parseVhdxHead(await bytes.read(0, VHDX_HEAD), file);
  const { offset, length } = head.metadata;
  if (offset + length > bytes.size) throw truncated(file, 'its metadata is missing');
  const wanted = Math.min(length, VHDX_METADATA);
  if (offset + wanted > bytes.readable) throw unsupported(file, 'compression hides its metadata', 'Inflate the file first.');
  const metadata = parseVhdxMetadata(await bytes.read(offset, wanted), file);
  // The log may be about to change the block table.
  const allocated = head.dirtyLog ? undefined : await countBlocks(bytes, head, metadata);
  const uuid = parseUuid(metadata.diskId ?? '');
  return {
    layer: { format: 'vhdx', slices: location.slices, ...(location.gzip !== undefined && { gzip: location.gzip }) },
    format: { container: 'vhdx', variant: metadata.parent ? 'differencing' : metadata.fixed ? 'fixed' : 'dynamic' },
    capacity: metadata.capacity,
    ...(allocated !== undefined && { allocated }),
    sectorSize: metadata.logicalSector,
    identity: head.dataWriteGuid,
    ...(uuid !== undefined && { uuid }),
    ...(metadata.parent !== undefined && { parent: parentReference(metadata.parent) }),
    extras: extras(head, metadata),
  };
}

function parentReference({ linkages, paths }: VhdxParent): ParentReference {
  const names = paths.map((path) => (isForeignPath(path) ? lastPart(path) : path.replaceAll('\\', '/').replace(/^\.\//, '')));
  const unique = [...new Set(names)].filter((name) => name !== '');
  return { names: unique, ...(linkages.length > 0 && { identities: linkages }) };
}

/** Checks that the block table and every block are in the file; bytes in blocks that are there. */
async function countBlocks(bytes: ImageBytes, { bat }: VhdxHead, metadata: VhdxMetadata): Promise<Bytes | undefined> {
  const { capacity, blockSize, logicalSector } = metadata;
  const blocks = Math.ceil(capacity / blockSize);
  // One sector bitmap entry follows each chunk of payload entries (section 2.5).
  const chunk = (2 ** 23 * logicalSector) / blockSize;
  const entries = blocks + Math.floor((blocks - 1) / chunk);
  if (entries * 8 > bat.length) throw malformed(bytes.name, 'its block table is too small for the disk');
  if (bat.offset + entries * 8 > bytes.size) throw truncated(bytes.name, 'its block table is missing');
  if (entries * 8 > TABLE_BUDGET || bat.offset + entries * 8 > bytes.readable) return undefined;
  const table = await bytes.read(bat.offset, entries * 8);
  let allocated = 0;
  for (let block = 0; block < blocks; block += 1) {
    const at = (block + Math.floor(block / chunk)) * 8;
    const state = table.readUInt32LE(at) & 7;
    if (state !== FULLY_PRESENT && state !== PARTIALLY_PRESENT) continue;
    // Bits 20 to 63 are the offset in MiB.
    const offset = Number(table.readBigUInt64LE(at) >> 20n) * MiB;
    const length = Math.min(blockSize, capacity - block * blockSize);
    if (offset + length > bytes.size) throw truncated(bytes.name, `its block ${block} is missing`);
    allocated += length;
  }
  return allocated;
}

function extras({ dirtyLog }: VhdxHead, { physicalSector, blockSize }: VhdxMetadata): readonly ExtraFact[] {
  return [
    { path: 'image/blockSize', value: `${blockSize / KiB} KiB` },
    ...(physicalSector === undefined ? [] : [{ path: 'image/physicalSectorSize', value: String(physicalSector) }]),
    ...(dirtyLog ? [{ path: 'image/dirtyLog', value: 'true' }] : []),
  ];
}
