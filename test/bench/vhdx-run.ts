/** A VHDX brought to a raw disk by our reader alone, without hashes and journal, as qemu-img does it: `node vhdx-run.ts VHDX CAPACITY TARGET`. */
import { open, stat } from 'node:fs/promises';
import type { Extent } from '../../src/model/transfer.ts';
import { openChain } from '../../src/transfer/transports/file/open-chain.ts';

if (import.meta.main) {
  const [image = '', capacity = '', target = ''] = process.argv.slice(2);
  const { size } = await stat(image);
  const signal = new AbortController().signal;
  const layers = [{ format: 'vhdx', slices: [{ path: image, offset: 0, length: size }] }] as const;
  await using reader = await openChain({ kind: 'image', layers, capacity: Number(capacity) }, signal);
  if (reader === undefined) throw new Error(`${image} is no VHDX`);
  await using output = await open(target, 'w');
  await output.truncate(reader.size);
  const { lanes, largestRead } = reader;
  const extents = reader.allocated(signal);
  let left: Extent | undefined;
  // Called by one lane at a time: a lane that asks waits for those that asked before.
  const next = async (): Promise<Extent | undefined> => {
    if (left === undefined) {
      const { value } = await extents.next();
      if (value === undefined) return undefined;
      left = value;
    }
    const length = Math.min(largestRead, left.length);
    const piece = { offset: left.offset, length };
    left = left.length > length ? { offset: left.offset + length, length: left.length - length } : undefined;
    return piece;
  };
  let turn: Promise<Extent | undefined> = Promise.resolve(undefined);
  const take = (): Promise<Extent | undefined> => {
    turn = turn.then(next);
    return turn;
  };
  const lane = async (): Promise<void> => {
    const buffer = new Uint8Array(largestRead);
    for (let piece = await take(); piece !== undefined; piece = await take()) {
      const bytes = buffer.subarray(0, piece.length);
      await reader.read(piece.offset, bytes, signal);
      await output.write(bytes, 0, bytes.length, piece.offset);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
