/** The few forms of DER that SPNEGO tokens are made of. Nothing is copied; lengths are held to the bytes that are there. */
import { brokenToken } from './trouble.ts';

export const TAG = { octets: 0x04, oid: 0x06, enumerated: 0x0a, sequence: 0x30, application0: 0x60 } as const;

/** Tag of the explicit context-specific field `number`. */
export function context(number: number): number {
  return 0xa0 + number;
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/** The element at `at`. @throws MigrationError `source-answer-broken` */
function readElement(data: Buffer, at: number): Element {
  const tag = data[at];
  const first = data[at + 1];
  if (tag === undefined || first === undefined) throw brokenToken('it ends too early');
  const bytes = first < 0x80 ? 0 : first & 0x7f;
  // Longer than 16 MiB, or of a length that is not told: no token is.
  if (first >= 0x80 && (bytes === 0 || bytes > 3)) throw brokenToken('a length of it is none');
  const from = at + 2 + bytes;
  if (from > data.length) throw brokenToken('it ends too early');
  const length = bytes === 0 ? first : data.readUIntBE(at + 2, bytes);
  const end = from + length;
  if (end > data.length) throw brokenToken('a part of it lies behind its end');
  return { tag, content: data.subarray(from, end), end };
}

/** The content of the element that is all of `data`. @throws MigrationError `source-answer-broken` when it has another tag */
export function contentOf(data: Buffer, tag: number): Buffer {
  const element = readElement(data, 0);
  if (element.tag !== tag) throw brokenToken('a part of it is of another kind than expected');
  return element.content;
}

/** What lies side by side in `data`, at most `most` elements. @throws MigrationError `source-answer-broken` */
export function readElements(data: Buffer, most = 16): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < data.length; ) {
    const element = readElement(data, at);
    if (found.length === most) throw brokenToken('it has too many parts');
    found.push(element);
    at = element.end;
  }
  return found;
}

export function write(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  if (length < 0x10000) return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
  return Buffer.concat([Buffer.of(tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff), content]);
}
