/** A qcow2 image. */
import { type Bytes, MiB } from '../../../src/model/units.ts';
import type { ExtraFact } from '../../../src/model/vm.ts';
import type { ImageLocation } from '../seam.ts';
import { findExtent } from './beside.ts';
import type { ImageBytes } from './image-bytes.ts';
import type { Inspected, ParentReference } from './inspection.ts';
import { formatOfDriver, parseQcow2, type Qcow2Header } from './qcow2.ts';
import { malformed, truncated, unsupported } from './trouble.ts';

const TABLE_BUDGET: Bytes = 4 * MiB;
const MAX_CLUSTER: Bytes = 2 * MiB;
const COMPRESSED = 1n << 62n;
const ZERO = 1n;
const OFFSET = 0x00ff_ffff_ffff_fe00n;

/** @throws MigrationError `image-truncated`, `image-malformed`, `image-unsupported`, `image-too-large`, `image-extent-unsafe`, … */
export async function inspectQcow2(location: ImageLocation, bytes: ImageBytes): Promise<Inspected> {
  const file = bytes.name;
  const header = parseQcow2(await bytes.read(0, Math.min(bytes.readable, MAX_CLUSTER)), file);
  const dataFile = header.dataFile ? await findExtent(location, header.dataFile) : undefined;
  const allocated = await countClusters(bytes, header, dataFile?.slice.length ?? bytes.size);
  const unreadable = trouble(file, header);
  const parent = parentReference(header);
  return {
    layer: {
      format: 'qcow2',
      slices: location.slices,
      ...(location.gzip !== undefined && { gzip: location.gzip }),
      ...(dataFile !== undefined && { extents: [dataFile.slice.path] }),
    },
    format: { container: 'qcow2', variant: `v${header.version}` },
    capacity: header.capacity,
    ...(allocated !== undefined && { allocated }),
    ...(header.encrypted && { encrypted: true }),
    ...(parent !== undefined && { parent }),
    extras: extras(header),
    ...(unreadable !== undefined && { unreadable }),
  };
}

function trouble(file: string, header: Qcow2Header): Inspected['unreadable'] {
  if (header.encrypted) return unsupported(file, 'the image is encrypted', 'Convert it to an unencrypted image first.');
  if (header.corrupt) return malformed(file, 'QEMU marked the image as corrupt');
  if (header.dataFile !== undefined) {
    return unsupported(file, 'its data is in another file', 'Make one file of it with `qemu-img convert -O qcow2`.');
  }
  if (header.backingFormat !== undefined && formatOfDriver(header.backingFormat) === undefined) {
    return unsupported(file, `a backing file of kind ${JSON.stringify(header.backingFormat)} cannot be read`);
  }
  return undefined;
}

function parentReference({ backingFile, backingFormat }: Qcow2Header): ParentReference | undefined {
  if (backingFile === undefined) return undefined;
  const format = backingFormat === undefined ? undefined : formatOfDriver(backingFormat);
  return { names: [backingFile], ...(format !== undefined && { format }) };
}

/**
 * Checks that the tables and the clusters they name are in the file; bytes in clusters that hold data, undefined where counting
 * would cost too much.
 * @param dataSize size of the file that holds the clusters
 */
async function countClusters(bytes: ImageBytes, header: Qcow2Header, dataSize: Bytes): Promise<Bytes | undefined> {
  const { l1, clusterSize, refcountTable } = header;
  const perTable = clusterSize / (header.extendedL2 ? 16 : 8);
  const needed = Math.ceil(header.capacity / (clusterSize * perTable));
  if (l1.entries < needed) throw malformed(bytes.name, 'its first table is too small for the disk');
  if (l1.offset + needed * 8 > bytes.size) throw truncated(bytes.name, 'its first table is missing');
  if (refcountTable.offset + refcountTable.length > bytes.size) throw truncated(bytes.name, 'its reference counts are missing');
  if (needed * 8 > TABLE_BUDGET || l1.offset + needed * 8 > bytes.readable) return undefined;
  const tables: Bytes[] = [];
  const first = await bytes.read(l1.offset, needed * 8);
  for (let index = 0; index < needed; index += 1) {
    const offset = Number(first.readBigUInt64BE(index * 8) & OFFSET);
    if (offset === 0) continue;
    if (offset + clusterSize > bytes.size) throw truncated(bytes.name, `its table ${index} is missing`);
    tables.push(offset);
  }
  if (header.extendedL2 || tables.length * clusterSize > TABLE_BUDGET || bytes.readable < bytes.size) return undefined;
  let clusters = 0;
  for (const offset of tables) clusters += countIn(await bytes.read(offset, clusterSize), { name: bytes.name, dataSize });
  return Math.min(clusters * clusterSize, header.capacity);
}

/** A cluster that begins in the file may end behind it: QEMU does not write the rest of the last one. */
function countIn(table: Buffer, about: { readonly name: string; readonly dataSize: Bytes }): number {
  let count = 0;
  for (let at = 0; at < table.length; at += 8) {
    const entry = table.readBigUInt64BE(at);
    const start = lastSector(entry, table.length);
    if (start === undefined) continue;
    if (start >= about.dataSize) throw truncated(about.name, `the cluster at ${start} is missing`);
    count += 1;
  }
  return count;
}

/** Where the last sector that an entry is sure to need begins; undefined for a cluster without data. */
function lastSector(entry: bigint, clusterSize: Bytes): Bytes | undefined {
  if ((entry & COMPRESSED) === 0n) {
    const offset = Number(entry & OFFSET);
    return offset === 0 || (entry & ZERO) !== 0n ? undefined : offset;
  }
  // Offset in the low bits, above them the number of further sectors ("Compressed Clusters Descriptor").
  const bits = BigInt(62 - (Math.log2(clusterSize) - 8));
  const offset = Number(entry & ((1n << bits) - 1n));
  const further = Number((entry & (COMPRESSED - 1n)) >> bits);
  return Math.max(offset, Math.floor(offset / 512) * 512 + further * 512);
}

function extras(header: Qcow2Header): readonly ExtraFact[] {
  return [
    ...(header.snapshots > 0 ? [{ path: 'image/internalSnapshots', value: String(header.snapshots) }] : []),
    ...(header.dirty ? [{ path: 'image/dirty', value: 'true' }] : []),
    ...(header.compression === 'zstd' ? [{ path: 'image/compression', value: 'zstd' }] : []),
  ];
}
