/** The bytes of a descriptor or manifest → text. */
import { MigrationError } from '../../../src/model/errors.ts';
import { MiB } from '../../../src/model/units.ts';
import { openImage } from '../image/image-bytes.ts';
import type { PackageFile } from './package.ts';

/** Largest descriptor or manifest accepted. Real ones stay below one mebibyte. */
const MAX_DESCRIPTOR = 10 * MiB;

/**
 * Reads a whole small file.
 * @throws MigrationError `descriptor-too-large`, `source-unreadable`, `image-truncated`
 */
export async function readSmallFile({ name, slice }: PackageFile, signal: AbortSignal): Promise<Buffer> {
  if (slice.length > MAX_DESCRIPTOR) {
    throw new MigrationError('descriptor-too-large', `${name} has ${slice.length} bytes; at most 10 MiB are read`, {
      file: slice.path,
    });
  }
  await using bytes = await openImage({ name, slices: [slice] }, signal);
  return await bytes.read(0, slice.length);
}

/**
 * Decodes XML: by its byte order mark, else by the encoding that its declaration names, else as UTF-8.
 * @throws MigrationError `descriptor-encoding`
 */
export function decodeXml(bytes: Buffer, file: string): string {
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MigrationError('descriptor-encoding', `The descriptor is not valid ${encoding}`, { file, cause });
  }
}

/** Encodings that exporters declare. Latin-1 is decoded as its superset windows-1252, as browsers do. */
const ENCODINGS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', 'iso-8859-1', 'windows-1252']);

function encodingOf(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0x3c && second === 0) return 'utf-16le';
  if (first === 0 && second === 0x3c) return 'utf-16be';
  const declared = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']{1,40})["']/.exec(bytes.toString('latin1', 0, 200))?.[1];
  const word = declared?.toLowerCase() ?? 'utf-8';
  if (word === 'us-ascii' || word === 'ascii') return 'utf-8';
  return ENCODINGS.has(word) ? word : 'utf-8';
}
