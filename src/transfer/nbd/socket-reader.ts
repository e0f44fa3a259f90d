/** Reads exact amounts from a socket, straight into the caller's memory. Holds one chunk at most beside the socket's own buffer. */
import type { Socket } from 'node:net';
import { MigrationError } from '../../model/errors.ts';

export class SocketReader {
  readonly #socket: Socket;
  #chunk: Uint8Array = new Uint8Array(0);
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const wake = (): void => this.#wake?.();
    const end = (): void => {
      this.#ended = true;
      wake();
    };
    socket.on('readable', wake).once('end', end).once('close', end);
  }

  /** @throws MigrationError `source-read-failed` when the connection ends before that many bytes came */
  async take(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.fill(bytes);
    return bytes;
  }

  /** Fills `target` wholly. @throws as `take` */
  async fill(target: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#chunk.length === 0) this.#chunk = await this.#next();
      const part = this.#chunk.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
  }

  async #next(): Promise<Uint8Array> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read();
      if (chunk !== null) return chunk;
      if (this.#ended)
        throw new MigrationError('source-read-failed', 'The NBD server ended the connection in the middle of an answer.');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
