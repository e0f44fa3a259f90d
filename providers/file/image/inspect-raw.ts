/** A raw image: no header, so its size is all that it says. */
import type { ImageLocation } from '../seam.ts';
import type { ImageBytes } from './image-bytes.ts';
import type { Inspected } from './inspection.ts';
import { checkCapacity, malformed } from './trouble.ts';

/**
 * A size that is no multiple of 512 is rounded up, as QEMU does: the guest reads zeros there.
 * @throws MigrationError `image-malformed`, `image-too-large`
 */
export function inspectRaw(location: ImageLocation, bytes: ImageBytes): Inspected {
  if (bytes.size === 0) throw malformed(bytes.name, 'the file is empty');
  const capacity = checkCapacity(Math.ceil(bytes.size / 512) * 512, bytes.name);
  return {
    layer: { format: 'raw', slices: location.slices, ...(location.gzip !== undefined && { gzip: location.gzip }) },
    format: { container: 'raw' },
    capacity,
    ...(capacity !== bytes.size && { extras: [{ path: 'image/size', value: `${bytes.size}` }] }),
  };
}
