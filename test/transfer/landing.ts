/** A target as plain as it can be: a file. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { DiskWriter } from '../../src/transfer/writers/writer.ts';

export interface FileWriter extends DiskWriter {
  /** Runs that were zeroed on demand, in bytes. */
  readonly zeroed: { readonly offset: number; readonly length: number }[];
}

/** @param blank the file was made for this disk, so that what nobody wrote is zeros */
export async function fileWriter(path: string, size: number, blank = true): Promise<FileWriter> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT);
  const sectors = Math.ceil(size / 512) * 512;
  await file.truncate(sectors);
  const zeroed: { offset: number; length: number }[] = [];
  return {
    fd: file.fd,
    path,
    size: sectors,
    blank,
    zeroed,
    write: async (offset, bytes) => void (await file.write(bytes, 0, bytes.length, offset)),
    zero: async (offset, length) => {
      zeroed.push({ offset, length });
      await file.write(Buffer.alloc(length), 0, length, offset);
    },
    read: async (offset, into) => void (await file.read(into, 0, into.length, offset)),
    sync: () => file.datasync(),
    publish: async () => undefined,
    discard: async () => undefined,
    [Symbol.asyncDispose]: () => file.close(),
  };
}
