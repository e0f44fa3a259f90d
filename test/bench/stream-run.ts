/** One VMDK or VHDX brought to a raw disk by the engine, in a process of its own: `node stream-run.ts IMAGE CAPACITY TARGET`. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/contracts/clock.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';

/** Not the one of wire.ts, which would load every provider with it. */
const clock: Clock = { now: () => Date.now(), sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }) };

if (import.meta.main) {
  const [image = '', capacity = '', target = ''] = process.argv.slice(2);
  const { size } = await stat(image);
  const format = image.endsWith('.vhdx') ? 'vhdx' : 'vmdk';
  await new LocalDiskCopier({ clock }).copy(
    {
      id: 'bench/disk',
      vm: 'bench',
      disk: 'disk',
      source: {
        kind: 'image',
        layers: [{ format, slices: [{ path: image, offset: 0, length: size }] }],
        capacity: Number(capacity),
      },
      target: { kind: 'raw-file', path: target },
      verify: false,
    },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
}
