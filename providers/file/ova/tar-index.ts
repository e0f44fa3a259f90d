/**
 * Where the members of a tar archive are. Only headers are read, by seeking from one to the next: a disk of a terabyte
 * inside an archive costs one read of 512 bytes. Nothing is unpacked.
 */
import { MigrationError } from '../../../src/model/errors.ts';
import type { FileSlice } from '../../../src/model/transfer.ts';
import { type Bytes, MiB } from '../../../src/model/units.ts';
import { type ImageBytes, openImage } from '../image/image-bytes.ts';
import { isPlain, show, withoutDots } from '../ovf/href.ts';
import { type PaxFields, parsePax } from './pax.ts';
import { BLOCK, hasChecksum, isZero, parseHeader, type TarHeader, type TarPlace, tarMalformed, text } from './tar-header.ts';

/** Most headers accepted. An OVA with a large disk in chunks of 2 GiB has about a thousand. */
const MAX_HEADERS = 5000;
/** Largest extended header or long name accepted. */
const MAX_EXTENSION = MiB;

/** True when the block could begin a tar archive. */
export function looksLikeTar(head: Buffer): boolean {
  return head.length >= BLOCK && !isZero(head.subarray(0, BLOCK)) && hasChecksum(head.subarray(0, BLOCK));
}

/**
 * Regular members by name, in the order of the archive. Bytes after the end mark are not looked at; an archive that ends without
 * a mark is accepted, because some exporters leave it out.
 * @throws MigrationError `tar-truncated`, `tar-malformed`, `tar-entry-unsafe`
 */
export async function indexTar(archive: FileSlice, signal: AbortSignal): Promise<ReadonlyMap<string, FileSlice>> {
  await using bytes = await openImage({ name: archive.path, slices: [archive] }, signal);
  const members = new Map<string, FileSlice>();
  let global: PaxFields = {};
  let local: PaxFields = {};
  let offset = 0;
  for (let headers = 0; ; headers += 1) {
    const place = { file: archive.path, offset };
    const block = await readBlock(bytes, place);
    if (block === undefined) return members;
    if (headers >= MAX_HEADERS) throw tarMalformed(`more than ${MAX_HEADERS} members`, place);
    const header = parseHeader(block, place);
    const size = isExtension(header.type) ? header.size : (local.size ?? global.size ?? header.size);
    const data: FileSlice = { path: archive.path, offset: offset + BLOCK, length: size };
    if (data.offset + size > bytes.size) throw truncated(header.name, place);
    offset = data.offset + Math.ceil(size / BLOCK) * BLOCK;
    if (isExtension(header.type)) {
      const fields = await readExtension(bytes, header, place);
      if (header.type === 'g') global = { ...global, ...fields };
      else local = { ...local, ...fields };
      continue;
    }
    addMember(members, { ...header, name: local.path ?? global.path ?? header.name }, data, place);
    local = {};
  }
}

/** The next header, undefined at the end of the archive. */
async function readBlock(bytes: ImageBytes, { file, offset }: TarPlace): Promise<Buffer | undefined> {
  const left = bytes.size - offset;
  if (left <= 0) return undefined;
  const block = await bytes.read(offset, Math.min(left, BLOCK));
  if (isZero(block)) {
    // One zero block alone is the end for every tar, but a header right after it would be read by some and not by others.
    const next = await bytes.read(offset + block.length, Math.max(0, Math.min(left - BLOCK, BLOCK)));
    if (next.length === BLOCK && hasChecksum(next) && !isZero(next)) {
      throw tarMalformed('a member after a lone zero block', { file, offset });
    }
    return undefined;
  }
  if (left < BLOCK) throw new MigrationError('tar-truncated', 'The archive ends inside a header', { file, at: `byte ${offset}` });
  return block;
}

/** pax (`x`, `g`) and GNU (`L` long name, `K` long link) headers that speak about the next member. */
function isExtension(type: string): boolean {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K';
}

async function readExtension(bytes: ImageBytes, { type, size }: TarHeader, place: TarPlace): Promise<PaxFields> {
  if (size > MAX_EXTENSION) throw tarMalformed('an extended header over 1 MiB', place);
  if (type === 'K') return {};
  const data = await bytes.read(place.offset + BLOCK, size);
  return type === 'L' ? { path: text(data) } : parsePax(data, place);
}

function addMember(members: Map<string, FileSlice>, { name, type }: TarHeader, data: FileSlice, place: TarPlace): void {
  const what = UNSAFE_TYPES[type];
  if (what !== undefined) throw unsafe(name, what, place);
  // The archive's own root: `tar -C folder .` writes it.
  if (type === '5' && withoutDots(name) === '' && !name.startsWith('/')) return;
  if (!isPlain(name)) throw unsafe(name, 'leads out of the archive', place);
  // Volume labels name no file; a name that ends in a slash is a folder in archives from before 1988.
  if (type === 'V' || type === '5' || name.endsWith('/')) return;
  if (type !== '0' && type !== '7') throw tarMalformed(`a member of the unknown type ${show(type)}`, place);
  const plain = withoutDots(name);
  if (members.has(plain)) throw tarMalformed(`two members named ${show(plain)}`, place);
  members.set(plain, data);
}

const UNSAFE_TYPES: Readonly<Record<string, string | undefined>> = {
  '1': 'is a hard link',
  '2': 'is a symbolic link',
  '3': 'is a device',
  '4': 'is a device',
  '6': 'is a named pipe',
};

function unsafe(name: string, what: string, { file, offset }: TarPlace): MigrationError {
  return new MigrationError('tar-entry-unsafe', `Member ${show(name)} of the archive ${what}`, { file, at: `byte ${offset}` });
}

function truncated(name: string, { file, offset }: { file: string; offset: Bytes }): MigrationError {
  return new MigrationError('tar-truncated', `The archive ends inside its member ${show(name)}`, { file, at: `byte ${offset}` });
}
