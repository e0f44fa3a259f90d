/** The failures that every image reader shares, each with the file's name. */
import { MigrationError } from '../../../src/model/errors.ts';
import { type Bytes, MAX_DISK_BYTES } from '../../../src/model/units.ts';

export function malformed(file: string, what: string, at?: string): MigrationError {
  return new MigrationError('image-malformed', `${file}: ${what}`, { file, ...(at !== undefined && { at }) });
}

export function truncated(file: string, what: string): MigrationError {
  return new MigrationError('image-truncated', `${file} ends too early: ${what}`, { file });
}

export function unsupported(file: string, what: string, hint?: string): MigrationError {
  return new MigrationError('image-unsupported', `${file}: ${what}`, { file, ...(hint !== undefined && { hint }) });
}

/**
 * Passes a guest-visible size through when it can be one.
 * @throws MigrationError `image-malformed` for zero or a part of a sector, `image-too-large` over 64 TiB
 */
export function checkCapacity(capacity: Bytes, file: string): Bytes {
  if (capacity > MAX_DISK_BYTES) {
    throw new MigrationError('image-too-large', `${file} claims a disk of ${capacity} bytes; no hypervisor makes over 64 TiB`, {
      file,
    });
  }
  if (!(capacity > 0) || capacity % 512 !== 0) throw malformed(file, `a disk size of ${capacity} bytes is not possible`);
  return capacity;
}
