/** A VHDX brought to a raw disk by our reader alone, without hashes and journal, as qemu-img does it: `node vhdx-run.ts VHDX CAPACITY TARGET`. */
import { open, stat } from 'node:fs/promises';
import type { Extent } from '../../src/model/transfer.ts';
import { eachOf } from '../../src/transfer/lanes.ts';
import { openChain } from '../../src/transfer/transports/file/open-chain.ts';
import type { DiskReader } from '../../src/transfer/transports/reader.ts';

const signal = new AbortController().signal;

async function* pieces(reader: DiskReader): AsyncGenerator<Extent, undefined> {
  const { largestRead } = reader;
  for await (const { offset, length } of reader.allocated(signal)) {
    for (let at = 0; at < length; at += largestRead) yield { offset: offset + at, length: Math.min(largestRead, length - at) };
  }
  return undefined;
}

if (import.meta.main) {
  const [image = '', capacity = '', target = ''] = process.argv.slice(2);
  const { size } = await stat(image);
  const layers = [{ format: 'vhdx', slices: [{ path: image, offset: 0, length: size }] }] as const;
  await using reader = await openChain({ kind: 'image', layers, capacity: Number(capacity) }, signal);
  if (reader === undefined) throw new Error(`${image} is no VHDX`);
  const { lanes, largestRead } = reader;
  await using output = await open(target, 'w');
  await output.truncate(reader.size);
  const buffers = Array.from({ length: lanes }, () => new Uint8Array(largestRead));
  await eachOf(pieces(reader), lanes, async ({ offset, length }, lane) => {
    const bytes = buffers[lane]?.subarray(0, length) ?? new Uint8Array(length);
    await reader.read(offset, bytes, signal);
    await output.write(bytes, 0, length, offset);
  });
}
