/** A VHD, whose last 512 bytes say what it is. Dynamic ones keep a copy at the start. */
import { type Bytes, MiB, parseUuid } from '../../../src/model/units.ts';
import type { ExtraFact } from '../../../src/model/vm.ts';
import type { ImageLocation } from '../seam.ts';
import { isForeignPath, lastPart } from './beside.ts';
import type { ImageBytes } from './image-bytes.ts';
import type { Inspected } from './inspection.ts';
import { malformed, truncated, unsupported } from './trouble.ts';
import {
  parseVhdFooter,
  parseVhdHeader,
  startsAsVhdFooter,
  VHD_FOOTER,
  VHD_HEADER,
  type VhdFooter,
  type VhdHeader,
} from './vhd.ts';

const TABLE_BUDGET: Bytes = 4 * MiB;
const UNUSED_BLOCK = 0xffff_ffff;

/** @throws MigrationError `image-truncated`, `image-malformed`, `image-unsupported`, `image-too-large` */
export async function inspectVhd(location: ImageLocation, bytes: ImageBytes, head: Buffer): Promise<Inspected> {
  const footer = await readFooter(bytes, head);
  const uuid = parseUuid(footer.uuid);
  const shared = {
    layer: { format: 'vhd', slices: location.slices, ...(location.gzip !== undefined && { gzip: location.gzip }) },
    format: { container: 'vhd', variant: footer.kind },
    capacity: footer.capacity,
    identity: footer.uuid,
    ...(uuid !== undefined && { uuid }),
    extras: extras(footer),
  } as const;
  if (footer.kind === 'fixed') {
    if (bytes.size < footer.capacity + VHD_FOOTER) throw truncated(bytes.name, `its disk has ${footer.capacity} bytes`);
    return shared;
  }
  const header = parseVhdHeader(await bytes.read(footer.headerOffset, VHD_HEADER), bytes.name);
  const allocated = await countBlocks(bytes, header, footer);
  const facts = { ...shared, ...(allocated !== undefined && { allocated }) };
  if (footer.kind === 'dynamic') return facts;
  return {
    ...facts,
    parent: { names: await parentNames(bytes, header), identities: [header.parentUuid] },
  };
}

async function readFooter(bytes: ImageBytes, head: Buffer): Promise<VhdFooter> {
  const hasCopy = startsAsVhdFooter(head);
  if (bytes.readable < bytes.size) {
    if (!hasCopy) throw unsupported(bytes.name, 'a compressed fixed VHD hides its footer', 'Inflate the file first.');
    return parseVhdFooter(head, bytes.name);
  }
  const tail = await bytes.read(bytes.size - VHD_FOOTER, VHD_FOOTER);
  if (!startsAsVhdFooter(tail)) throw truncated(bytes.name, 'its footer is missing');
  const footer = parseVhdFooter(tail, bytes.name);
  if (footer.kind !== 'fixed' && !hasCopy) throw malformed(bytes.name, 'the copy of the footer is missing', 'byte 0');
  return footer;
}

/** Checks that the block table and every block are in the file; bytes in blocks that are there. */
async function countBlocks(bytes: ImageBytes, header: VhdHeader, footer: VhdFooter): Promise<Bytes | undefined> {
  const blocks = Math.ceil(footer.capacity / header.blockSize);
  if (header.table.entries < blocks) throw malformed(bytes.name, 'its block table is too small for the disk');
  const length = blocks * 4;
  if (header.table.offset + length > bytes.size) throw truncated(bytes.name, 'its block table is missing');
  if (length > TABLE_BUDGET || header.table.offset + length > bytes.readable) return undefined;
  const table = await bytes.read(header.table.offset, length);
  const bitmap = Math.ceil(header.blockSize / 512 / 8 / 512) * 512;
  let allocated = 0;
  for (let index = 0; index < blocks; index += 1) {
    const sector = table.readUInt32BE(index * 4);
    if (sector === UNUSED_BLOCK) continue;
    if (sector * 512 + bitmap + header.blockSize > bytes.size) throw truncated(bytes.name, `its block ${index} is missing`);
    allocated += Math.min(header.blockSize, footer.capacity - index * header.blockSize);
  }
  return allocated;
}

/** Relative names first: absolute ones are from another machine. */
async function parentNames(bytes: ImageBytes, header: VhdHeader): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { code, offset, length } of header.locators) {
    const text = (await bytes.read(offset, length)).toString('utf16le').replace(/\0.*$/s, '');
    const name = text.replaceAll('\\', '/').replace(/^\.\//, '');
    if (code === 'W2ru' && !isForeignPath(name)) names.unshift(name);
    else names.push(lastPart(text));
  }
  return [...new Set([...names, ...header.parentNames.map(lastPart)])].filter((name) => name !== '');
}

function extras({ creator, savedState }: VhdFooter): readonly ExtraFact[] {
  return [
    ...(creator === '' ? [] : [{ path: 'image/creator', value: creator }]),
    ...(savedState ? [{ path: 'image/savedState', value: '1' }] : []),
  ];
}
