/** A text that arrives in pieces: what of it is to be looked at, in whole characters, with what was held back before in front. */
import { isAscii, isUtf8 } from 'node:buffer';
import { END } from './xml-bytes.ts';

/** Bytes that are added at once. */
export const PIECE = 64 * 1024;
/** Most that is held back; tags and references of vSphere are far shorter. */
const MAX_HELD = 64 * 1024;
const MAX_CHARACTER = 4;
const NO_BYTES = Buffer.alloc(0);

export class Utf8Window {
  /** Valid to the end that `add` returns, where `END` stands. */
  readonly bytes = Buffer.allocUnsafeSlow(MAX_HELD + PIECE + MAX_CHARACTER + 1);
  #held = 0;
  /** Bytes of a character that is not complete. */
  #torn: Buffer = NO_BYTES;

  get isEmpty(): boolean {
    return this.#held === 0 && this.#torn.length === 0;
  }

  /** Adds at most `PIECE` bytes and returns the end of what is there; undefined when that is no UTF-8. */
  add(piece: Uint8Array): number | undefined {
    const { bytes } = this;
    const begin = this.#held;
    bytes.set(this.#torn, begin);
    bytes.set(piece, begin + this.#torn.length);
    const filled = begin + this.#torn.length + piece.length;
    const end = wholeCharacters(bytes, begin, filled);
    const fresh = bytes.subarray(begin, end);
    if (!isAscii(fresh) && !isUtf8(fresh)) return undefined;
    this.#torn = end === filled ? NO_BYTES : Buffer.from(bytes.subarray(end, filled));
    bytes[end] = END;
    return end;
  }

  /** Holds back what is between `from` and `end`; false when that is too much. */
  hold(from: number, end: number): boolean {
    this.#held = end - from;
    this.bytes.copyWithin(0, from, end);
    return this.#held <= MAX_HELD;
  }
}

/** Where the last character that is complete ends. Bytes that are no UTF-8 count as complete, for the check to find them. */
function wholeCharacters(bytes: Buffer, begin: number, end: number): number {
  for (let at = end - 1; at >= begin && at > end - MAX_CHARACTER; at -= 1) {
    const byte = bytes[at] ?? END;
    if (byte >= 0x80 && byte < 0xc0) continue;
    const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return at + length > end ? at : end;
  }
  return end;
}
