/** A VHDX brought to a raw disk by our reader alone, without hashes and journal, as qemu-img does it: `node vhdx-run.ts VHDX CAPACITY TARGET`. */
import { stat } from 'node:fs/promises';
import { openChain } from '../../src/transfer/transports/file/open-chain.ts';
import { bareCopy } from './bare-copy.ts';

const signal = new AbortController().signal;

if (import.meta.main) {
  const [image = '', capacity = '', target = ''] = process.argv.slice(2);
  const { size } = await stat(image);
  const layers = [{ format: 'vhdx', slices: [{ path: image, offset: 0, length: size }] }] as const;
  await using reader = await openChain({ kind: 'image', layers, capacity: Number(capacity) }, signal);
  if (reader === undefined) throw new Error(`${image} is no VHDX`);
  await bareCopy(reader, target, signal);
}
