/**
 * The kernel modules in an initial RAM disk: archives (cpio "newc") one after the other, the last one compressed (Documentation/driver-api/early-
 * userspace/buffer-format.rst of Linux). Read on this side of the appliance, whose own listing ends at the first archive, which often holds
 * microcode only. Nothing is unpacked: names are read, contents are skipped.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';

/** Unpacked, one is some 200 MiB; what has more is not read to the end. */
const MAX_UNPACKED = 2 * 1024 ** 3;
const MAX_NAME = 4_096;
const HEADER = 110;

/** Names of the modules, with `_` for `-`: `virtio_blk`. Undefined where it has none, or is packed in a way that is not read here. */
export async function initramfsModules(file: string, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
  const modules = new Set<string>();
  const handle = await open(file);
  try {
    for (let at = 0; ; ) {
      at = await skipZeros(handle, at);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(6), 0, 6, at);
      if (bytesRead < 6) break;
      const unpack = unpacker(buffer);
      if (unpack === undefined) return undefined;
      const reader = new ArchiveReader(modules);
      const input = createReadStream(file, { start: at, signal });
      const read = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
        for await (const chunk of chunks) if (!reader.take(chunk)) break;
      };
      await (unpack === 'plain' ? pipeline(input, read) : pipeline(input, unpack(), read));
      // Behind a compressed archive there is none.
      if (unpack !== 'plain' || reader.ended === undefined) break;
      at += reader.ended;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  } finally {
    await handle.close();
  }
  return modules.size === 0 ? undefined : modules;
}

type Unpacker = () => ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

function unpacker(magic: Buffer): Unpacker | 'plain' | undefined {
  if (/^07070[12]$/.test(magic.toString('latin1'))) return 'plain';
  if (magic.readUInt16BE() === 0x1f8b) return createGunzip;
  return magic.readUInt32BE() === 0x28b52ffd ? createZstdDecompress : undefined;
}

/** Archives are filled up with zeros. */
async function skipZeros(handle: FileHandle, from: number): Promise<number> {
  for (let at = from; ; ) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, at);
    const found = buffer.subarray(0, bytesRead).findIndex((byte) => byte !== 0);
    if (found !== -1 || bytesRead === 0) return at + Math.max(found, 0);
    at += bytesRead;
  }
}

/** Takes one archive in chunks of any size. */
class ArchiveReader {
  /** Bytes up to the end of the archive, once it was seen. */
  ended: number | undefined;
  readonly #modules: Set<string>;
  #pending = Buffer.alloc(0);
  /** Bytes of a content that are still to come. */
  #skip = 0;
  #taken = 0;

  constructor(modules: Set<string>) {
    this.#modules = modules;
  }

  /** False when there is nothing more to read. */
  take(chunk: Buffer): boolean {
    this.#taken += chunk.length;
    const passed = Math.min(this.#skip, chunk.length);
    this.#skip -= passed;
    this.#pending = Buffer.concat([this.#pending, chunk.subarray(passed)]);
    while (this.#skip === 0 && this.#entry());
    return this.ended === undefined && this.#taken <= MAX_UNPACKED;
  }

  #entry(): boolean {
    const bytes = this.#pending;
    if (this.ended !== undefined || bytes.length < HEADER) return false;
    const field = (index: number): number => Number.parseInt(bytes.toString('latin1', 6 + 8 * index, 14 + 8 * index), 16);
    const [size, nameSize] = [field(6), field(11)];
    if (!/^07070[12]$/.test(bytes.toString('latin1', 0, 6)) || !(size >= 0) || !(nameSize > 0 && nameSize <= MAX_NAME)) {
      throw new Error('no archive of cpio');
    }
    const content = padded(HEADER + nameSize);
    if (bytes.length < content) return false;
    this.#note(bytes.toString('utf8', HEADER, HEADER + nameSize - 1));
    const next = content + padded(size);
    this.#skip = Math.max(0, next - bytes.length);
    this.#pending = bytes.subarray(next);
    if (bytes.toString('latin1', HEADER, HEADER + nameSize - 1) === 'TRAILER!!!') this.ended = this.#taken - this.#pending.length;
    return true;
  }

  #note(name: string): void {
    const module = /(?:^|\/)([^/]+)\.ko(?:\.(?:gz|xz|zst))?$/.exec(name)?.[1];
    if (module !== undefined && this.#modules.size < 10_000) this.#modules.add(module.replaceAll('-', '_'));
  }
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
