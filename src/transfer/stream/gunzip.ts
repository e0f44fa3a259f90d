/** Inflates one gzip stream that lies in slices of files. No more is inflated than its reader takes. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Bandwidth } from '../../contracts/bandwidth.ts';
import { MigrationError } from '../../model/errors.ts';
import type { FileSlice } from '../../model/transfer.ts';
import { type Bytes, formatBytes, MiB } from '../../model/units.ts';
import { canceled, systemCode } from '../cancellation.ts';
import { UNLIMITED } from '../limits/bandwidth.ts';

export interface GunzipOptions {
  readonly slices: readonly FileSlice[];
  /** More bytes than this are refused. */
  readonly limit: Bytes;
  readonly signal: AbortSignal;
  /** Told about compressed bytes as they are read. */
  readonly onRead: (bytes: Bytes) => void;
  /** Asked for the compressed bytes; nothing is held back when absent. */
  readonly bandwidth?: Bandwidth;
}

/**
 * @throws MigrationError `gzip-oversized`, `gzip-malformed` (damaged or cut short: gzip carries a checksum and its length),
 *   `source-read-failed`, `canceled`
 */
export async function* gunzip(options: GunzipOptions): AsyncGenerator<Uint8Array> {
  const { slices, limit, signal } = options;
  const inflate = createGunzip({ chunkSize: 256 * 1024 });
  // The error reaches us through the iteration below.
  void pipeline(Readable.from(compressed(options), { objectMode: false, highWaterMark: MiB }), inflate, { signal }).catch(
    () => undefined,
  );
  let total = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Uint8Array>) {
      total += chunk.length;
      if (total > limit) {
        throw new MigrationError(
          'gzip-oversized',
          `The compressed image holds more than the ${formatBytes(limit)} it may have.`,
          place(slices),
        );
      }
      yield chunk;
    }
  } catch (error) {
    throw explain(error, slices, signal);
  }
}

async function* compressed({ slices, signal, onRead, bandwidth = UNLIMITED }: GunzipOptions): AsyncGenerator<Uint8Array> {
  for (const { path, offset, length } of slices) {
    if (length === 0) continue;
    const stream = createReadStream(path, { start: offset, end: offset + length - 1, highWaterMark: MiB });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      await bandwidth.take(chunk.length, signal);
      onRead(chunk.length);
      yield chunk;
    }
  }
}

function explain(error: unknown, slices: readonly FileSlice[], signal: AbortSignal): unknown {
  if (signal.aborted) return canceled(signal);
  const code = systemCode(error);
  if (error instanceof MigrationError || code === undefined) return error;
  const options = { ...place(slices), cause: error };
  if (code.startsWith('Z_'))
    return new MigrationError('gzip-malformed', 'The compressed image is damaged or cut short.', options);
  return new MigrationError('source-read-failed', `The compressed image cannot be read (${code}).`, options);
}

function place(slices: readonly FileSlice[]): { readonly file: string } | Record<never, never> {
  const [first] = slices;
  return first === undefined ? {} : { file: first.path };
}
