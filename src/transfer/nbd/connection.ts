/**
 * Our own NBD client: reads an export and its allocation, several requests in flight, whatever serves it (qemu-nbd today,
 * nbdkit later). Memory is the callers' buffers and one socket chunk. It believes nothing that the server has not shown to be consistent:
 * an answer that is short, long, doubled or for nobody ends the connection.
 */
import type { Socket } from 'node:net';
import type { Bytes } from '../../model/units.ts';
import { canceled, checkCanceled } from '../cancellation.ts';
import { type AllocationRun, claim, decodeRuns, type Pending, refusal } from './answer.ts';
import { type Agreement, broken, negotiate } from './handshake.ts';
import {
  CHUNK,
  CHUNK_DONE,
  CHUNK_ERROR,
  COMMAND,
  MAX_CONTROL_BYTES,
  REQUEST_MAGIC,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from './protocol.ts';
import { SocketReader } from './socket-reader.ts';

/** What can be read at offsets and tells where it is empty. */
export interface AllocatedReader {
  /**
   * What is known about [offset, offset + length), length > 0: at least one run, adjoining, beginning at `offset`, ending
   * there or earlier. Ask again for the rest.
   */
  allocation(offset: Bytes, length: Bytes): Promise<readonly AllocationRun[]>;
  /** Fills `buffer` with the bytes from `offset` on. */
  read(offset: Bytes, buffer: Uint8Array): Promise<void>;
}

/** All calls throw MigrationError `source-read-failed`, or `canceled` after the signal aborted. */
export interface NbdConnection extends AllocatedReader, AsyncDisposable {
  /** Size of the export. */
  readonly size: Bytes;
}

/** The longest range that one block status request can name (32 bits), whole in every usual block size. */
const MAX_STATUS_RANGE = 2 ** 32 - 2 ** 20;

export interface ConnectNbdOptions {
  readonly socketPath: string;
  /** Empty for the server's default export. */
  readonly exportName: string;
  /** Ends the connection at any time. */
  readonly signal: AbortSignal;
}

/**
 * Connects to a server on a unix socket and opens an export.
 * @throws MigrationError `source-read-failed`, `canceled`; the system's error when nobody listens on the socket
 */
export async function connectNbd(options: ConnectNbdOptions): Promise<NbdConnection> {
  checkCanceled(options.signal);
  const reader = await SocketReader.connect(options.socketPath);
  return await open(reader, options);
}

async function open(reader: SocketReader, { exportName, signal }: ConnectNbdOptions): Promise<NbdConnection> {
  const { socket } = reader;
  const stop = (): void => {
    socket.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', stop));
  if (signal.aborted) stop();
  try {
    return new Connection(reader, await negotiate(socket, reader, exportName), signal);
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? canceled(signal) : error;
  }
}

class Connection implements NbdConnection {
  readonly size: number;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #agreed: Agreement;
  readonly #signal: AbortSignal;
  readonly #pending = new Map<bigint, Pending>();
  #cookie = 0n;
  #failure: unknown;

  constructor(reader: SocketReader, agreed: Agreement, signal: AbortSignal) {
    this.size = agreed.size;
    this.#socket = reader.socket;
    this.#reader = reader;
    this.#agreed = agreed;
    this.#signal = signal;
    void this.#receive();
  }

  async allocation(offset: Bytes, length: Bytes): Promise<readonly AllocationRun[]> {
    if (this.#agreed.allocationContext === undefined) return [{ offset, length, zero: false }];
    return (await this.#request({ type: COMMAND.blockStatus, offset, length: Math.min(length, MAX_STATUS_RANGE) })).runs;
  }

  async read(offset: Bytes, buffer: Uint8Array): Promise<void> {
    const step = this.#agreed.maxRequest;
    for (let at = 0; at < buffer.length; at += step) {
      const part = buffer.subarray(at, at + step);
      await this.#request({ type: COMMAND.read, offset: offset + at, length: part.length, buffer: part });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    if (this.#failure === undefined) this.#socket.write(encodeRequest(COMMAND.disconnect, 0n, 0, 0));
    this.#socket.destroySoon();
    await closed;
  }

  #request(request: { type: number; offset: number; length: number; buffer?: Uint8Array }): Promise<Pending> {
    const { type, offset, length, buffer } = request;
    if (offset < 0 || length <= 0 || offset + length > this.size) {
      throw new RangeError(`Bytes ${offset} to ${offset + length} are not in an export of ${this.size}`);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#cookie += 1n;
    const cookie = this.#cookie;
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        offset,
        length,
        ...(buffer === undefined ? {} : { buffer }),
        filled: [],
        runs: [],
        resolve: () => resolve(pending),
        reject,
      };
      this.#pending.set(cookie, pending);
      this.#socket.write(encodeRequest(type, cookie, offset, length));
    });
  }

  /** Takes answers for as long as the connection lives; then rejects whatever still waits. */
  async #receive(): Promise<void> {
    try {
      for (;;) {
        const magic = (await this.#reader.take(4)).readUInt32BE(0);
        if (magic === STRUCTURED_REPLY_MAGIC && this.#agreed.structured) await this.#takeChunk();
        else if (magic === SIMPLE_REPLY_MAGIC) await this.#takeSimple();
        else throw broken('an answer has a wrong magic number');
      }
    } catch (error) {
      this.#failure = this.#signal.aborted ? canceled(this.#signal) : error;
      this.#socket.destroy();
      for (const pending of this.#pending.values()) pending.reject(this.#failure);
      this.#pending.clear();
    }
  }

  async #takeSimple(): Promise<void> {
    const header = await this.#reader.take(12);
    const code = header.readUInt32BE(0);
    const cookie = header.readBigUInt64BE(4);
    const pending = this.#expect(cookie);
    // A simple reply carries data without structure; where structured replies are agreed on it may only be a refusal.
    if (code !== 0) pending.error = refusal(pending, code, '');
    else if (pending.buffer === undefined || this.#agreed.structured)
      throw broken('a simple answer where a structured one is due');
    else {
      await this.#reader.fill(claim(pending, 0, pending.length));
    }
    this.#finish(cookie, pending);
  }

  async #takeChunk(): Promise<void> {
    const header = await this.#reader.take(16);
    const type = header.readUInt16BE(2);
    const cookie = header.readBigUInt64BE(4);
    const length = header.readUInt32BE(12);
    const pending = this.#expect(cookie);
    if (type === CHUNK.offsetData) await this.#takeData(pending, length);
    else if (length > MAX_CONTROL_BYTES) throw broken('an answer is larger than any question asks for');
    else this.#takeControl(pending, type, await this.#reader.take(length));
    if ((header.readUInt16BE(0) & CHUNK_DONE) !== 0) this.#finish(cookie, pending);
  }

  async #takeData(pending: Pending, length: number): Promise<void> {
    if (length <= 8) throw broken('a data chunk without data');
    const at = Number((await this.#reader.take(8)).readBigUInt64BE(0)) - pending.offset;
    await this.#reader.fill(claim(pending, at, length - 8));
  }

  #takeControl(pending: Pending, type: number, data: Buffer): void {
    if (type >= CHUNK_ERROR) {
      if (data.length < 6) throw broken('an error without a number');
      pending.error = refusal(pending, data.readUInt32BE(0), data.toString('utf8', 6, 6 + data.readUInt16BE(4)));
    } else if (type === CHUNK.offsetHole) {
      if (data.length !== 12) throw broken('a hole of the wrong form');
      claim(pending, Number(data.readBigUInt64BE(0)) - pending.offset, data.readUInt32BE(8)).fill(0);
    } else if (type === CHUNK.blockStatus && pending.buffer === undefined) {
      if (data.length < 4 || data.readUInt32BE(0) !== this.#agreed.allocationContext) throw broken('a status nobody asked for');
      pending.runs = decodeRuns(pending, data.subarray(4));
    } else if (type !== CHUNK.none) throw broken(`an answer of unknown type ${type}`);
  }

  #expect(cookie: bigint): Pending {
    const pending = this.#pending.get(cookie);
    if (pending === undefined) throw broken('an answer to no question');
    return pending;
  }

  #finish(cookie: bigint, pending: Pending): void {
    const answered = pending.filled.reduce((sum, part) => sum + part.end - part.at, 0);
    const complete = pending.buffer === undefined ? pending.runs.length > 0 : answered === pending.length;
    if (pending.error === undefined && !complete) throw broken('an answer is incomplete');
    this.#pending.delete(cookie);
    if (pending.error !== undefined) pending.reject(pending.error);
    else pending.resolve();
  }
}

function encodeRequest(type: number, cookie: bigint, offset: number, length: number): Buffer {
  const request = Buffer.alloc(28);
  request.writeUInt32BE(REQUEST_MAGIC, 0);
  request.writeUInt16BE(type, 6);
  request.writeBigUInt64BE(cookie, 8);
  request.writeBigUInt64BE(BigInt(offset), 16);
  request.writeUInt32BE(length, 24);
  return request;
}
