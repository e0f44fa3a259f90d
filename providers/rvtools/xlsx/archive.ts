/** The zip archive around a workbook: parts by name, opened one at a time, never inflated beyond what their size allows. */
import { open } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { MigrationError } from '../../../src/model/errors.ts';
import { CHUNK, FREE_INFLATION, MAX_PART, MAX_PARTS, MAX_RATIO } from '../limits.ts';

/** Compression method of zip (APPNOTE §4.4.5); the other one in use is 0, stored. */
const DEFLATED = 8;

export class Archive implements AsyncDisposable {
  readonly #zip: ZipFile;
  readonly #parts: ReadonlyMap<string, Entry>;
  readonly #file: string;

  private constructor(file: string, zip: ZipFile, parts: ReadonlyMap<string, Entry>) {
    this.#file = file;
    this.#zip = zip;
    this.#parts = parts;
  }

  /** @throws MigrationError `workbook-malformed`, `workbook-too-large` */
  static async open(file: string, signal: AbortSignal): Promise<Archive> {
    await refuseForeign(file);
    let zip: ZipFile | undefined;
    try {
      zip = await openPromise(file, { autoClose: false, lazyEntries: true });
      const parts = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) {
        signal.throwIfAborted();
        if (parts.size >= MAX_PARTS)
          throw new MigrationError('workbook-too-large', `The archive holds more than ${MAX_PARTS} files.`);
        parts.set(entry.fileName.toLowerCase(), entry);
      }
      return new Archive(file, zip, parts);
    } catch (error) {
      zip?.close();
      throw Archive.#explain(file, error);
    }
  }

  has(part: string): boolean {
    return this.#parts.has(part.toLowerCase());
  }

  /** Inflated bytes of a part, as they come. */
  async *read(part: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const entry = this.#parts.get(part.toLowerCase());
    if (entry === undefined) throw this.#error('workbook-malformed', `The workbook names a part that is not in it.`, part);
    if (entry.isEncrypted()) throw this.#error('workbook-malformed', 'The workbook is protected by a password.', part);
    const limit = Math.min(MAX_PART, Math.max(FREE_INFLATION, entry.compressedSize * MAX_RATIO));
    if (entry.uncompressedSize > limit)
      throw this.#error('workbook-too-large', 'A part of the workbook inflates out of all proportion.', part);
    let sum = 0;
    let size = 0;
    try {
      for await (const chunk of await this.#inflate(entry)) {
        signal.throwIfAborted();
        size += chunk.length;
        if (size > entry.uncompressedSize) throw new Error('a part is larger than it says');
        sum = crc32(chunk, sum);
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw Archive.#explain(this.#file, error, part);
    }
    if (sum !== entry.crc32)
      throw this.#error('workbook-malformed', 'A part of the workbook is damaged: its checksum is wrong.', part);
  }

  /** Inflated here and not by yauzl, which would hand over pieces of 16 KiB. */
  async #inflate(entry: Entry): Promise<AsyncIterable<Buffer>> {
    if (entry.compressionMethod !== DEFLATED) return await this.#zip.openReadStreamPromise(entry);
    const packed = await this.#zip.openReadStreamPromise(entry, { decodeFileData: false });
    const inflate = createInflateRaw({ chunkSize: CHUNK });
    packed.once('error', (error) => inflate.destroy(error));
    inflate.once('close', () => packed.destroy());
    return packed.pipe(inflate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#zip.close();
  }

  #error(code: 'workbook-malformed' | 'workbook-too-large', message: string, part: string): MigrationError {
    return new MigrationError(code, message, { file: this.#file, at: part });
  }

  static #explain(file: string, error: unknown, part?: string): unknown {
    if (!(error instanceof Error) || error.name === 'AbortError') return error;
    const place = part === undefined ? { file } : { file, at: part };
    if (error instanceof MigrationError) {
      return new MigrationError(error.code, error.message, { ...place, ...error.place, hint: error.hint, cause: error.cause });
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EIO')
      return new MigrationError('source-unreadable', error.message, { ...place, cause: error });
    return new MigrationError('workbook-malformed', `The workbook cannot be read: ${error.message}.`, { ...place, cause: error });
  }
}

/** Old .xls files and encrypted workbooks are compound files, not archives, whatever their extension. */
async function refuseForeign(file: string): Promise<void> {
  await using handle = await open(file, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
  if (bytesRead < 8 || buffer.readUInt32BE(0) !== 0xd0cf11e0) return;
  throw new MigrationError('workbook-malformed', 'The file is an old .xls workbook or one that is protected by a password.', {
    file,
    hint: 'Save it as .xlsx without a password.',
  });
}
