/**
 * Connects to a unix socket and reads exact amounts from it, straight into the caller's memory. Received is into one buffer that is used
 * again and again, and nothing more is received before it is used up: measured 3 × less processor time than `data` events.
 */
import { connect, type Socket } from 'node:net';
import { MigrationError } from '../../model/errors.ts';
import { MiB } from '../../model/units.ts';

export class SocketReader {
  readonly socket: Socket;
  /** What was received and not yet taken. */
  #chunk: Uint8Array = new Uint8Array(0);
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(path: string) {
    const receive = (length: number, buffer: Uint8Array): boolean => {
      this.#chunk = buffer.subarray(0, length);
      this.#wake?.();
      return false;
    };
    this.socket = connect({ path, onread: { buffer: new Uint8Array(MiB), callback: receive } });
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    // An error shows as the early end that follows it.
    this.socket
      .once('end', end)
      .once('close', end)
      .on('error', () => undefined);
  }

  /** Rejects with the system's error when nobody listens there. */
  static async connect(path: string): Promise<SocketReader> {
    const reader = new SocketReader(path);
    await new Promise<void>((resolve, reject) => {
      reader.socket.once('connect', resolve).once('error', reject);
    });
    return reader;
  }

  /** @throws MigrationError `source-read-failed` when the connection ends before that many bytes came */
  async take(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.fill(bytes);
    return bytes;
  }

  /** Fills `target` wholly. @throws as `take` */
  async fill(target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      if (this.#chunk.length === 0) await this.#receive();
      const part = this.#chunk.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
  }

  async #receive(): Promise<void> {
    this.socket.resume();
    while (this.#chunk.length === 0) {
      if (this.#ended) {
        throw new MigrationError('source-read-failed', 'The NBD server ended the connection in the middle of an answer.');
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
