/** Walks the grain tables of a sparse VMDK: what is allocated, and whether all of it is in the file. */
import type { Bytes } from '../../../src/model/units.ts';
import { KiB, MiB } from '../../../src/model/units.ts';
import type { ImageBytes } from './image-bytes.ts';
import { malformed, truncated } from './trouble.ts';
import { type GrainDirectory, SECTOR, type SparseHeader } from './vmdk-sparse.ts';

/** Tables of a larger image are not read: a look must stay cheap. */
const BUDGET: Bytes = 4 * MiB;

/** QEMU and VMware write 1 in a grain table for a grain that was zeroed. */
const FIRST_GRAIN = 2;

/**
 * Bytes in allocated grains; undefined where counting would cost too much or where the tables cannot be reached (a gzip stream).
 * @throws MigrationError `image-truncated`, `image-malformed`
 */
export async function countGrains(
  bytes: ImageBytes,
  header: SparseHeader,
  directory: GrainDirectory,
): Promise<Bytes | undefined> {
  const length = directory.tables * 4;
  if (directory.offset === 0) throw malformed(bytes.name, 'it has no grain directory');
  if (directory.offset + length > bytes.size) throw truncated(bytes.name, 'its grain directory is missing');
  if (length > BUDGET || directory.offset + length > bytes.readable) return undefined;
  const entries = await bytes.read(directory.offset, length);
  const present: { readonly table: number; readonly offset: Bytes }[] = [];
  for (let table = 0; table < directory.tables; table += 1) {
    const offset = entries.readUInt32LE(table * 4) * SECTOR;
    if (offset === 0) continue;
    if (offset + directory.entries * 4 > bytes.size) throw truncated(bytes.name, `its grain table ${table} is missing`);
    present.push({ table, offset });
  }
  if (present.length * directory.entries * 4 > BUDGET || bytes.readable < bytes.size) return undefined;
  return await countIn(bytes, { header, directory, present });
}

interface Walk {
  readonly header: SparseHeader;
  readonly directory: GrainDirectory;
  readonly present: readonly { readonly table: number; readonly offset: Bytes }[];
}

async function countIn(bytes: ImageBytes, { header, directory, present }: Walk): Promise<Bytes> {
  let allocated = 0;
  let last = { offset: 0, index: 0 };
  for (const { table, offset } of present) {
    const grains = await bytes.read(offset, directory.entries * 4);
    for (let entry = 0; entry < directory.entries; entry += 1) {
      const sector = grains.readUInt32LE(entry * 4);
      const index = table * directory.entries + entry;
      const rest = header.capacity - index * header.grain;
      if (sector < FIRST_GRAIN || rest <= 0) continue;
      allocated += Math.min(header.grain, rest);
      if (sector * SECTOR > last.offset) last = { offset: sector * SECTOR, index };
    }
  }
  if (last.offset > 0) await checkLast(bytes, header, last);
  return allocated;
}

/** The grain that is furthest in the file ends inside it. */
async function checkLast(bytes: ImageBytes, header: SparseHeader, last: { offset: Bytes; index: number }): Promise<void> {
  let length = Math.min(header.grain, header.capacity - last.index * header.grain);
  if (header.compressed) {
    if (last.offset + SECTOR > bytes.size) throw truncated(bytes.name, 'its last grain is missing');
    // Grain marker: 8 bytes sector number, 4 bytes compressed length, then the data.
    const compressed = (await bytes.read(last.offset, 12)).readUInt32LE(8);
    if (compressed > 2 * header.grain + 64 * KiB) throw malformed(bytes.name, 'the marker of its last grain is damaged');
    length = 12 + compressed;
  }
  if (last.offset + length > bytes.size) throw truncated(bytes.name, 'its last grain is missing');
}
