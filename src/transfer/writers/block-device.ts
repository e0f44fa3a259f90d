/**
 * A block device as target: a claim with volumeMode Block, a loop device. It is written in place. What an earlier owner left on it is
 * removed first, on all of it, so that no guest ever reads bytes of somebody else.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, KiB, roundUp } from '../../model/units.ts';
import { systemCode } from '../cancellation.ts';
import { deviceTooSmall, sizeOfDevice } from './device-size.ts';
import { OpenTarget } from './open-target.ts';
import { onTarget } from './target-errors.ts';
import type { OpenedWriter } from './writer.ts';

/** Writers of whole sectors leave up to this much behind the disk's end: the largest sector there is. */
const SECTOR: Bytes = 4 * KiB;

export interface OpenBlockDeviceOptions {
  /**
   * All of the device was made zeros for this very job before, and the journal says so (`TargetJournal.blanked`): what is on it is kept.
   * Otherwise it is made zeros now, which is durable when the writer is there: then `markBlanked` is to be called.
   */
  readonly blanked: boolean;
  readonly signal: AbortSignal;
}

/**
 * @param size guest-visible size of the disk
 * @throws MigrationError `target-occupied` when it is mounted or used by something else; `space-insufficient` when it is smaller than
 * the disk; `target-write-failed`, `canceled`
 */
export async function openBlockDevice(
  device: string,
  size: Bytes,
  { blanked, signal }: OpenBlockDeviceOptions,
): Promise<OpenedWriter> {
  return await onTarget(device, async () => {
    const file = await openExclusively(device);
    try {
      const end = await sizeOfDevice(file, device);
      if (end < size) throw deviceTooSmall(device, size, end);
      const target = new BlockDevice({ file, path: device, size: end, device: true, resumed: blanked, signal });
      if (!blanked) {
        await target.zero(0, end);
        await target.sync();
      }
      return target;
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/** On a device, O_EXCL means: only while nobody has mounted it or opened it in the same way. */
async function openExclusively(device: string): Promise<FileHandle> {
  try {
    return await open(device, constants.O_RDWR | constants.O_EXCL);
  } catch (cause) {
    if (systemCode(cause) !== 'EBUSY') throw cause;
    throw new MigrationError('target-occupied', 'The device is mounted, or in use by something else.', {
      file: device,
      hint: 'Unmount it, or choose another device.',
      cause,
    });
  }
}

class BlockDevice extends OpenTarget {
  /** A device has no other name and no other size: what was written behind the disk's end becomes zeros. */
  async publish(size: Bytes): Promise<undefined> {
    await this.zero(size, Math.min(roundUp(size, SECTOR), this.size) - size);
    await this.sync();
    await this[Symbol.asyncDispose]();
    return undefined;
  }

  /** It is not ours to remove. */
  async discard(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }
}
