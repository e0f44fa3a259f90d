/** Writes zip archives part by part, so that a test can make large, odd and broken ones. */
import { open } from 'node:fs/promises';
import { crc32, createDeflateRaw } from 'node:zlib';

export interface Part {
  readonly name: string;
  readonly chunks: Iterable<string | Buffer>;
  /** Written into the directory instead of the real size. */
  readonly claimedSize?: number;
}

const DATA_DESCRIPTOR = 0x0008;
const DEFLATED = 8;

export async function writeZip(file: string, parts: Iterable<Part>): Promise<void> {
  await using handle = await open(file, 'w');
  let offset = 0;
  const directory: Buffer[] = [];
  const write = async (bytes: Buffer): Promise<void> => {
    await handle.write(bytes);
    offset += bytes.length;
  };
  for (const { name, chunks, claimedSize } of parts) {
    const start = offset;
    await write(localHeader(name));
    const body = offset;
    let sum = 0;
    let size = 0;
    function* counted(): Generator<Buffer> {
      for (const chunk of chunks) {
        const bytes = Buffer.from(chunk);
        sum = crc32(bytes, sum);
        size += bytes.length;
        yield bytes;
      }
    }
    const deflate = createDeflateRaw({ level: 1 });
    const fed = (async () => {
      for (const bytes of counted()) {
        if (!deflate.write(bytes)) await new Promise((resolve) => deflate.once('drain', resolve));
      }
      deflate.end();
    })();
    for await (const packed of deflate) await write(packed);
    await fed;
    const packedSize = offset - body;
    await write(descriptor(sum, packedSize, size));
    directory.push(directoryEntry(name, { sum, packedSize, size: claimedSize ?? size, start }));
  }
  const start = offset;
  for (const entry of directory) await write(entry);
  await write(endOfDirectory(directory.length, offset - start, start));
}

function localHeader(name: string): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(DATA_DESCRIPTOR, 6);
  header.writeUInt16LE(DEFLATED, 8);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  return Buffer.concat([header, Buffer.from(name)]);
}

function descriptor(sum: number, packedSize: number, size: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(sum, 4);
  bytes.writeUInt32LE(packedSize, 8);
  bytes.writeUInt32LE(size, 12);
  return bytes;
}

function directoryEntry(
  name: string,
  {
    sum,
    packedSize,
    size,
    start,
  }: { readonly sum: number; readonly packedSize: number; readonly size: number; readonly start: number },
): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(20, 4);
  entry.writeUInt16LE(20, 6);
  entry.writeUInt16LE(DATA_DESCRIPTOR, 8);
  entry.writeUInt16LE(DEFLATED, 10);
  entry.writeUInt32LE(sum, 16);
  entry.writeUInt32LE(packedSize, 20);
  entry.writeUInt32LE(size, 24);
  entry.writeUInt16LE(Buffer.byteLength(name), 28);
  entry.writeUInt32LE(start, 42);
  return Buffer.concat([entry, Buffer.from(name)]);
}

function endOfDirectory(count: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(start, 16);
  return end;
}
