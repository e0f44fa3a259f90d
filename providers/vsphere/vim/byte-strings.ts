/**
 * Strings by their bytes: names and short values of an answer repeat by the thousand, and finding the string that was made before is cheaper
 * than making it again. Tables of fixed size, in which a newcomer takes the place of whoever was there.
 */
import { END, IN_NAME, SPECIAL, STOP } from './xml-bytes.ts';

/** A name of XML, cut at its first colon. */
export interface XmlName {
  readonly raw: string;
  /** In UTF-8. */
  readonly bytes: Uint8Array;
  readonly prefix: string;
  readonly local: string;
}

const SLOTS = 2048;
/** Longer values rarely come twice. */
const MAX_SHARED = 40;

/** FNV-1a, made of the bytes while they are looked at anyway. */
const HASH_START = 0x811c9dc5;

function hashed(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

/** True when `bytes` goes on with `wanted`. */
export function startsWith(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  for (let at = 0; at < wanted.length; at += 1) if (bytes[from + at] !== wanted[at]) return false;
  return true;
}

export class Values {
  readonly #slots = new Array<string>(SLOTS).fill('');
  #hash = 0;
  #isPlain = true;

  /** Where the value ends that begins here: before the first byte that is a `STOP`. */
  end(bytes: Buffer, start: number, kindOf: Uint8Array): number {
    let hash = HASH_START;
    let isPlain = true;
    let at = start;
    for (; ; at += 1) {
      const byte = bytes[at] ?? END;
      const kind = kindOf[byte];
      if (kind === STOP) break;
      if (kind === SPECIAL) isPlain = false;
      hash = hashed(hash, byte);
    }
    this.#hash = hash;
    this.#isPlain = isPlain;
    return at;
  }

  /** The value that `end` has just gone over; undefined when some of its bytes do not stand for themselves. */
  take(bytes: Buffer, from: number, to: number): string | undefined {
    if (!this.#isPlain) return undefined;
    if (to - from > MAX_SHARED) return bytes.toString('latin1', from, to);
    const slot = slotOf(this.#hash);
    const known = this.#slots[slot];
    if (known !== undefined && equals(known, bytes, from, to)) return known;
    const text = bytes.toString('latin1', from, to);
    this.#slots[slot] = text;
    return text;
  }
}

function equals(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let at = from; at < to; at += 1) if (bytes[at] !== text.charCodeAt(at - from)) return false;
  return true;
}

/** Names of XML 1.0, fifth edition, production 5. */
const NAME = new RegExp(String.raw`^[${nameStart()}][${nameStart()}\-.0-9\u00B7\u0300-\u036F\u203F-\u2040]*$`, 'u');

function nameStart(): string {
  return String.raw`:A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\u{10000}-\u{EFFFF}`;
}

export class Names {
  readonly #slots = new Array<XmlName | undefined>(SLOTS).fill(undefined);
  #hash = 0;

  /** Where the name ends that begins here. */
  end(bytes: Buffer, start: number): number {
    let hash = HASH_START;
    let at = start;
    for (; ; at += 1) {
      const byte = bytes[at] ?? END;
      if (IN_NAME[byte] === 0) break;
      hash = hashed(hash, byte);
    }
    this.#hash = hash;
    return at;
  }

  /** The name that `end` has just gone over; undefined when it is none. */
  take(bytes: Buffer, from: number, to: number): XmlName | undefined {
    const slot = slotOf(this.#hash);
    const known = this.#slots[slot];
    if (known !== undefined && known.bytes.length === to - from && startsWith(bytes, from, known.bytes)) return known;
    const raw = bytes.toString('utf8', from, to);
    if (!NAME.test(raw)) return undefined;
    const colon = raw.indexOf(':');
    const name = {
      raw,
      bytes: new Uint8Array(bytes.subarray(from, to)),
      prefix: raw.slice(0, Math.max(colon, 0)),
      local: raw.slice(colon + 1),
    };
    this.#slots[slot] = name;
    return name;
  }
}
