/** A VirtualBox disk image. Its parent is named by UUID only, which the VM's own file (.vbox) would resolve. */
import { type Bytes, MiB, parseUuid } from '../../../src/model/units.ts';
import type { ImageLocation } from '../seam.ts';
import type { ImageBytes } from './image-bytes.ts';
import type { Inspected } from './inspection.ts';
import { truncated, unsupported } from './trouble.ts';
import { parseVdi, type VdiHeader } from './vdi.ts';

const TABLE_BUDGET: Bytes = 4 * MiB;
/** Map entries from here on are `free` and `zero`. */
const FIRST_SPECIAL = 0xffff_fffe;

/** @throws MigrationError `image-truncated`, `image-malformed`, `image-unsupported`, `image-too-large` */
export async function inspectVdi(location: ImageLocation, bytes: ImageBytes, head: Buffer): Promise<Inspected> {
  const header = parseVdi(head, bytes.name);
  const allocated = await countBlocks(bytes, header);
  const uuid = parseUuid(header.uuid);
  return {
    layer: { format: 'vdi', slices: location.slices, ...(location.gzip !== undefined && { gzip: location.gzip }) },
    format: { container: 'vdi', variant: header.parentUuid === undefined ? header.kind : 'differencing' },
    capacity: header.capacity,
    ...(allocated !== undefined && { allocated }),
    ...(uuid !== undefined && { uuid }),
    ...(header.parentUuid !== undefined && {
      extras: [{ path: 'image/parentUuid', value: header.parentUuid }],
      unreadable: unsupported(
        bytes.name,
        'differencing VDIs cannot be read',
        'Clone the disk in VirtualBox: that merges the chain.',
      ),
    }),
  };
}

/** Checks that the block map and every block are in the file; bytes in blocks that are there. */
async function countBlocks(bytes: ImageBytes, header: VdiHeader): Promise<Bytes | undefined> {
  const blocks = Math.ceil(header.capacity / header.blockSize);
  const length = blocks * 4;
  if (header.map.offset + length > bytes.size) throw truncated(bytes.name, 'its block map is missing');
  if (length > TABLE_BUDGET || header.map.offset + length > bytes.readable) return undefined;
  const map = await bytes.read(header.map.offset, length);
  let allocated = 0;
  for (let index = 0; index < blocks; index += 1) {
    const block = map.readUInt32LE(index * 4);
    if (block >= FIRST_SPECIAL) continue;
    const used = Math.min(header.blockSize, header.capacity - index * header.blockSize);
    if (header.dataOffset + block * header.blockSize + used > bytes.size)
      throw truncated(bytes.name, `its block ${index} is missing`);
    allocated += used;
  }
  return allocated;
}
