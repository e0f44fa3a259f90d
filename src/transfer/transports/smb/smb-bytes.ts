/** The bytes of one file on a share. Lost sessions are replaced, and the file opened in the next one has to be the same. */
import { MigrationError } from '../../../model/errors.ts';
import type { Bytes } from '../../../model/units.ts';
import { allEnded, canceled, unlessAborted } from '../../cancellation.ts';
import type { StoredBytes } from '../../formats/layered/layer.ts';
import { type FileName, type OpenFile, placeOf, type SmbLink } from './link.ts';
import type { SmbServer } from './server.ts';

export class SmbBytes implements StoredBytes, AsyncDisposable {
  readonly size: Bytes;
  readonly #server: SmbServer;
  readonly #name: FileName;
  readonly #written: bigint;
  #opened: { readonly link: SmbLink; readonly file: Promise<OpenFile> };
  readonly #closed = new AbortController();
  readonly #reads = new Set<AbortController>();

  private constructor(server: SmbServer, name: FileName, { link, file }: { readonly link: SmbLink; readonly file: OpenFile }) {
    this.#server = server;
    this.#name = name;
    this.size = file.size;
    this.#written = file.written;
    this.#opened = { link, file: Promise.resolve(file) };
  }

  /**
   * @throws MigrationError `disk-unreachable`, `source-forbidden`, `source-busy`, `source-login-failed`, `source-unreachable`,
   *   `source-read-failed`, `source-refused`, `canceled`
   */
  static async open(server: SmbServer, name: FileName, signal: AbortSignal): Promise<SmbBytes> {
    try {
      const opened = await server.within(async (link) => ({ link, file: await link.open(name, signal) }), signal);
      return new SmbBytes(server, name, opened);
    } catch (error) {
      throw signal.aborted ? canceled(signal) : error;
    }
  }

  async fill(at: Bytes, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (at + into.length > this.size) {
      const file = placeOf(this.#server.address, this.#name);
      throw new MigrationError('image-truncated', `The image ends too early, at byte ${this.size}.`, { file });
    }
    this.#closed.signal.throwIfAborted();
    const stop = new AbortController();
    const giveUp = (): void => stop.abort(signal?.reason);
    if (signal?.aborted === true) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#reads.add(stop);
    try {
      await this.#read(at, into, stop.signal);
    } catch (error) {
      throw signal?.aborted === true ? canceled(signal) : error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
      this.#reads.delete(stop);
    }
  }

  /** Ends all reads. */
  stop(): void {
    const over = new Error('The disk reader was disposed of');
    this.#closed.abort(over);
    for (const read of this.#reads) read.abort(over);
  }

  /** Returns when the server has closed the file, if it can be reached. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    const { link, file } = this.#opened;
    const open = await file.catch(() => undefined);
    if (open !== undefined && link.usable) await link.close(open);
  }

  async #read(at: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const left = into.length - done;
      const piece = await this.#server.within(async (link) => {
        const file = await unlessAborted(this.#fileIn(link), signal);
        // As much as may be on its way at once: the pieces follow each other without a wait.
        const length = Math.min(left, link.window);
        const step = link.largestRead;
        const pieces = Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step);
        await allEnded(
          pieces.map((from) => {
            const part = into.subarray(done + from, done + Math.min(length, from + step));
            return link.read(file, at + done + from, { into: part, signal });
          }),
        );
        return length;
      }, signal);
      done += piece;
    }
  }

  /** The file as it is open in a session; others wait for the one who opens it. */
  #fileIn(link: SmbLink): Promise<OpenFile> {
    if (this.#opened.link !== link) this.#opened = { link, file: this.#reopen(link) };
    return this.#opened.file;
  }

  async #reopen(link: SmbLink): Promise<OpenFile> {
    const file = await link.open(this.#name, this.#closed.signal);
    if (file.size === this.size && file.written === this.#written) return file;
    throw new MigrationError('source-changed', 'The file was written to while it was read.', { file: file.place });
  }
}
