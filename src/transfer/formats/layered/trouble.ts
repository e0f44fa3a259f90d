/** What is wrong with an image, in the words that all formats share. */
import { MigrationError } from '../../../model/errors.ts';
import { type Bytes, MAX_DISK_BYTES } from '../../../model/units.ts';

/** Makes the errors of one image: `format` is `VHDX` or `VHD`, `file` the path of the file that holds it. */
export class Trouble {
  readonly format: string;
  readonly file: string;

  constructor(format: string, file: string) {
    this.format = format;
    this.file = file;
  }

  malformed(what: string): MigrationError {
    return new MigrationError('image-malformed', `The ${this.format} is damaged: ${what}.`, { file: this.file });
  }

  truncated(what: string): MigrationError {
    return new MigrationError('image-truncated', `The ${this.format} ends too early: ${what}.`, { file: this.file });
  }

  unsupported(what: string, hint?: string): MigrationError {
    const message = `The ${this.format} cannot be read: ${what}.`;
    return new MigrationError('image-unsupported', message, { file: this.file, ...(hint !== undefined && { hint }) });
  }

  /** Passes a disk's size through when it can be one. */
  checkCapacity(capacity: Bytes): Bytes {
    if (capacity > MAX_DISK_BYTES) {
      const message = `The ${this.format} claims a disk of ${capacity} bytes.`;
      throw new MigrationError('image-too-large', message, { file: this.file });
    }
    if (!(capacity > 0) || capacity % 512 !== 0) throw this.malformed(`a disk of ${capacity} bytes is not possible`);
    return capacity;
  }
}
