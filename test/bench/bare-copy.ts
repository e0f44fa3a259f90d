/** A disk brought to a raw file by a reader alone, without hashes and journal, as other tools do it. */
import { open } from 'node:fs/promises';
import type { Extent } from '../../src/model/transfer.ts';
import { eachOf } from '../../src/transfer/lanes.ts';
import type { DiskReader } from '../../src/transfer/transports/reader.ts';

async function* pieces(reader: DiskReader, signal: AbortSignal): AsyncGenerator<Extent, undefined> {
  const { largestRead } = reader;
  for await (const { offset, length } of reader.allocated(signal)) {
    for (let at = 0; at < length; at += largestRead) yield { offset: offset + at, length: Math.min(largestRead, length - at) };
  }
  return undefined;
}

export async function bareCopy(reader: DiskReader, target: string, signal: AbortSignal): Promise<void> {
  const { lanes, largestRead } = reader;
  await using output = await open(target, 'w');
  await output.truncate(reader.size);
  const buffers = Array.from({ length: lanes }, () => new Uint8Array(largestRead));
  await eachOf(pieces(reader, signal), lanes, async ({ offset, length }, lane) => {
    const bytes = buffers[lane]?.subarray(0, length) ?? new Uint8Array(length);
    await reader.read(offset, bytes, signal);
    await output.write(bytes, 0, length, offset);
  });
}
