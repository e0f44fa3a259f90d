/** A store in memory that can lose power: an append then leaves only a part of its bytes, and a replacement happens or does not. */
import type { JournalStore } from '../../../src/transfer/journal/journal.ts';

export class PowerLoss extends Error {}

export class MemoryStore implements JournalStore {
  #parts: Uint8Array[] = [];
  size = 0;
  appends = 0;
  replacements = 0;
  /** Most bytes there were at a time, a content that was written aside included. */
  peak = 0;
  /** Asked before each change with the number of bytes; how many of them still arrive before the power goes. Undefined: it stays. */
  powerLoss: (bytes: number) => number | undefined = () => undefined;

  /** What a next run would find. */
  get content(): Buffer {
    return Buffer.concat(this.#parts);
  }

  set content(bytes: Buffer) {
    this.#parts = [bytes];
    this.size = bytes.length;
  }

  async *load(): AsyncGenerator<Buffer, void> {
    const { content } = this;
    // In pieces that end anywhere.
    for (let at = 0; at < content.length; at += 7777) yield content.subarray(at, at + 7777);
  }

  async append(bytes: Uint8Array): Promise<void> {
    await Promise.resolve();
    const arrived = this.powerLoss(bytes.length);
    this.#parts.push(bytes.subarray(0, arrived));
    this.size += arrived ?? bytes.length;
    if (arrived !== undefined) throw new PowerLoss();
    this.appends += 1;
    this.peak = Math.max(this.peak, this.size);
  }

  async replace(parts: Iterable<Uint8Array>): Promise<void> {
    await Promise.resolve();
    const next = Buffer.concat([...parts]);
    this.peak = Math.max(this.peak, this.size + next.length);
    const arrived = this.powerLoss(next.length);
    if (arrived === undefined || arrived === next.length) this.content = next;
    if (arrived !== undefined) throw new PowerLoss();
    this.replacements += 1;
  }

  async remove(): Promise<void> {
    this.content = Buffer.alloc(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Memory needs no closing.
  }
}
