/** How large a block device is, and whether that is enough. */
import { type FileHandle, open } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, formatBytes } from '../../model/units.ts';
import { onTarget } from './target-errors.ts';

const SECTOR: Bytes = 512;

/** @throws MigrationError `target-write-failed` when there is no block device at that path, or it cannot be read */
export async function deviceSize(device: string): Promise<Bytes> {
  return await onTarget(device, async () => {
    await using file = await open(device, 'r');
    return await sizeOfDevice(file, device);
  });
}

/**
 * Looks for the end by reading, some sixty times: `stat` says 0 for a device, and not every container has sysfs.
 * @throws MigrationError `target-write-failed` when it is no block device; the system's errors
 */
export async function sizeOfDevice(file: FileHandle, device: string): Promise<Bytes> {
  if (!(await file.stat()).isBlockDevice()) {
    throw new MigrationError('target-write-failed', 'The target is not a block device.', {
      file: device,
      hint: 'Name the device itself, or choose a file as target.',
    });
  }
  const probe = new Uint8Array(SECTOR);
  const has = async (sector: number): Promise<boolean> => (await file.read(probe, 0, SECTOR, sector * SECTOR)).bytesRead > 0;
  if (!(await has(0))) return 0;
  let inside = 0;
  let outside = 1;
  for (; await has(outside); outside *= 2) inside = outside;
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (await has(middle)) inside = middle;
    else outside = middle;
  }
  return outside * SECTOR;
}

/** The error for a disk that does not fit. @param end size of the device */
export function deviceTooSmall(device: string, size: Bytes, end: Bytes): MigrationError {
  return new MigrationError('space-insufficient', `The disk has ${formatBytes(size)}, the device only ${formatBytes(end)}.`, {
    file: device,
    hint: `Choose a device of at least ${size} bytes.`,
  });
}
