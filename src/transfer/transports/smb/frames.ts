/** Messages out of a stream: four bytes of length in front of each ([MS-SMB2] 2.1). One buffer holds whatever is on its way. */
import { type Bytes, KiB } from '../../../model/units.ts';
import { Malformed } from './wire/message.ts';

const PREFIX = 4;
/** A length, and the head of what follows: more would have to be moved when the next message begins in it. */
const FIRST = 256;
const ROOM: Bytes = 64 * KiB;

export class Frames {
  readonly #largest: Bytes;
  readonly #take: (message: Buffer) => void;
  #buffer = Buffer.allocUnsafeSlow(ROOM);
  #filled = 0;

  /**
   * @param largest longest message that is taken
   * @param take gets each message when it is whole; it is gone when this returns
   */
  constructor(largest: Bytes, take: (message: Buffer) => void) {
    this.#largest = largest;
    this.#take = take;
  }

  /** Where the bytes that come next belong. Never empty. */
  room(): Buffer {
    if (this.#filled < PREFIX) return this.#buffer.subarray(this.#filled, FIRST);
    return this.#buffer.subarray(this.#filled, PREFIX + this.#length());
  }

  /** So many bytes were put into the room. @throws Malformed; what `take` throws */
  received(count: number): void {
    this.#filled += count;
    while (this.#filled >= PREFIX) {
      const end = PREFIX + this.#length();
      if (end > this.#buffer.length) this.#grow(end);
      if (this.#filled < end) return;
      this.#take(this.#buffer.subarray(PREFIX, end));
      this.#buffer.copyWithin(0, end, this.#filled);
      this.#filled -= end;
    }
  }

  #length(): Bytes {
    const prefix = this.#buffer.readUInt32BE(0);
    if (prefix === 0 || prefix > this.#largest) throw new Malformed(`it claims to have ${prefix} bytes`);
    return prefix;
  }

  #grow(size: Bytes): void {
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }
}
