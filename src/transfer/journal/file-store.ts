/** A journal in a file of its own. Each append waits for the disk, and a new content is written aside and renamed. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, KiB } from '../../model/units.ts';
import { systemCode } from '../cancellation.ts';
import { onTarget, syncFolder, writeWhole } from '../writers/target-errors.ts';
import type { JournalStore } from './journal.ts';

/** Hashes tell whether a disk holds a known file: nobody else on the machine reads them. */
const MODE = 0o600;
const CHUNK: Bytes = 64 * KiB;

/** One process at a time has it open. */
export class FileJournalStore implements JournalStore {
  readonly #path: string;
  #file: FileHandle | undefined;
  /** Where the next append begins. */
  #size: Bytes = 0;
  /** An append failed: bytes of it may lie behind `#size`. */
  #torn = false;
  /** Why nothing may be appended: nobody knows which content would be there after a crash. */
  #unknown: unknown;

  /** `file` is an absolute path in a folder that exists; `<file>.new` is used as well. */
  constructor(file: string) {
    this.#path = file;
  }

  /** @throws MigrationError `state-unreadable` */
  async *load(): AsyncGenerator<Buffer, void> {
    await this.#close();
    let size = 0;
    try {
      const file = await open(this.#path, 'r+');
      this.#file = file;
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, size);
        if (bytesRead === 0) break;
        size += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      if (code !== 'ENOENT')
        throw new MigrationError('state-unreadable', `The journal cannot be read (${code}).`, { file: this.#path, cause: error });
    }
    this.#size = size;
  }

  /** @throws MigrationError `target-full`, `target-write-failed` */
  async append(bytes: Uint8Array): Promise<void> {
    await onTarget(this.#path, async () => {
      if (this.#unknown !== undefined) throw this.#unknown;
      if (this.#file === undefined) throw new Error('The journal was neither loaded nor begun');
      if (this.#torn) await this.#file.truncate(this.#size);
      this.#torn = true;
      await writeWhole(this.#file, this.#size, bytes);
      await this.#file.datasync();
      this.#torn = false;
      this.#size += bytes.length;
    });
  }

  /** @throws MigrationError `target-full`, `target-write-failed` */
  async replace(parts: Iterable<Uint8Array>): Promise<void> {
    await onTarget(this.#path, async () => {
      const aside = `${this.#path}.new`;
      await rm(aside, { force: true });
      const file = await open(aside, 'wx', MODE);
      let size = 0;
      try {
        for (const part of parts) {
          await writeWhole(file, size, part);
          size += part.length;
        }
        await file.sync();
        await rename(aside, this.#path);
      } catch (error) {
        await file.close();
        await rm(aside, { force: true });
        throw error;
      }
      await this.#close();
      this.#file = file;
      this.#size = size;
      await this.#settle();
    });
  }

  /** @throws MigrationError `target-write-failed` */
  async remove(): Promise<void> {
    await this.#close();
    await onTarget(this.#path, async () => {
      await rm(this.#path, { force: true });
      await rm(`${this.#path}.new`, { force: true });
      await this.#settle();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  /** Makes the folder's new state durable. */
  async #settle(): Promise<void> {
    try {
      await syncFolder(path.dirname(this.#path));
      this.#unknown = undefined;
    } catch (error) {
      this.#unknown = error;
      throw error;
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#size = 0;
    this.#torn = false;
    await file?.close();
  }
}
