/** Writes a POSIX ustar archive, streaming, with nothing in it that differs between two runs. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';

const BLOCK = 512;
const CHUNK = 4 * 1024 * 1024;

/** One regular file of the archive: from memory, or from a file on disk. */
export type TarMember = { readonly name: string } & ({ readonly content: Buffer } | { readonly file: string });

/**
 * Writes `members` in their order, then the two zero blocks that end an archive (POSIX.1-2024, pax, "ustar Interchange Format").
 * Owner root, mode 0644, modification time 0; names up to 100 bytes, files below 8 GiB.
 */
export async function writeTar(target: string, members: readonly TarMember[]): Promise<void> {
  await using archive = await open(target, 'w');
  for (const member of members) {
    const size = 'content' in member ? member.content.length : (await stat(member.file)).size;
    await archive.writeFile(header(member.name, size));
    if ('content' in member) await archive.writeFile(member.content);
    else for await (const chunk of chunksOf(member.file)) await archive.writeFile(chunk);
    await archive.writeFile(Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK));
  }
  await archive.writeFile(Buffer.alloc(2 * BLOCK));
}

/** SHA-256 of a member's content, in hexadecimal. */
export async function memberDigest(member: TarMember): Promise<string> {
  const hash = createHash('sha256');
  if ('content' in member) hash.update(member.content);
  else for await (const chunk of chunksOf(member.file)) hash.update(chunk);
  return hash.digest('hex');
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  await using handle: FileHandle = await open(file, 'r');
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

function header(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a ustar name`);
  if (size >= 8 ** 11) throw new Error(`${name} is too large for a ustar size`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  // The checksum is computed with its own field taken as blanks.
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
