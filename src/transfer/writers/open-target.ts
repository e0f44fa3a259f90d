/** What every kind of target that is open has in common: bytes at offsets, checked against its size, with errors told as ours. */
import type { FileHandle } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import type { FileMark } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { onTarget, writeWhole } from './target-errors.ts';
import type { OpenedWriter } from './writer.ts';
import { ZeroMaker } from './zero-maker.ts';

export interface OpenTargetOptions {
  readonly file: FileHandle;
  readonly path: string;
  readonly size: Bytes;
  readonly device: boolean;
  /** It holds what earlier runs wrote. */
  readonly resumed: boolean;
  readonly signal: AbortSignal;
}

export abstract class OpenTarget implements OpenedWriter {
  readonly path: string;
  readonly size: Bytes;
  readonly resumed: boolean;
  /** Each kind is made zeros before its first use. */
  readonly blank = true;
  protected readonly file: FileHandle;
  readonly #zeros: ZeroMaker;
  #open = true;
  /** Why nothing that was written counts as durable any more. */
  #lost: unknown;

  constructor(options: OpenTargetOptions) {
    this.path = options.path;
    this.size = options.size;
    this.resumed = options.resumed;
    this.file = options.file;
    this.#zeros = new ZeroMaker(options);
  }

  get fd(): number {
    return this.file.fd;
  }

  abstract publish(size: Bytes): Promise<FileMark | undefined>;
  abstract discard(): Promise<void>;

  async write(offset: Bytes, bytes: Uint8Array): Promise<void> {
    this.#check(offset, bytes.length);
    await onTarget(this.path, () => writeWhole(this.file, offset, bytes));
  }

  async zero(offset: Bytes, length: Bytes): Promise<void> {
    this.#check(offset, length);
    await onTarget(this.path, () => this.#zeros.zero(offset, length));
  }

  async read(offset: Bytes, into: Uint8Array): Promise<void> {
    this.#check(offset, into.length);
    await onTarget(this.path, async () => {
      for (let at = 0; at < into.length; ) {
        const { bytesRead } = await this.file.read(into, at, into.length - at, offset + at);
        if (bytesRead === 0) throw new MigrationError('target-write-failed', `The target ends at byte ${offset + at}.`);
        at += bytesRead;
      }
    });
  }

  /** Once failed it fails for ever: the kernel tells of a lost write once, and the next fdatasync would call the rest durable. */
  async sync(): Promise<void> {
    await onTarget(this.path, async () => {
      if (this.#lost !== undefined) throw this.#lost;
      try {
        await this.file.datasync();
      } catch (error) {
        this.#lost = error;
        throw error;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.file.close();
  }

  #check(offset: Bytes, length: Bytes): void {
    if (!(offset >= 0 && offset + length <= this.size))
      throw new RangeError(`The target has no bytes ${offset} to ${offset + length}`);
  }
}
