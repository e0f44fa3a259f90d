/**
 * One TCP connection to an SMB server: many requests side by side, as many as the server gives credits for. After a login nothing is
 * believed that the server did not sign or seal. What the messages say is in wire/, and who logs in is in login.ts.
 */
import { connect, type OnReadOpts, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { MigrationError } from '../../../model/errors.ts';
import { networkTrouble } from '../../../model/network-trouble.ts';
import { type Bytes, KiB, MiB } from '../../../model/units.ts';
import { Credits } from './credits.ts';
import { Frames } from './frames.ts';
import { type Guard, unprotected } from './security/guard.ts';
import { SEAL_HEAD } from './security/sealing.ts';
import { STATUS } from './status.ts';
import { COMMANDS, type Command, decodeHead, encodeRequest, HEAD, Malformed } from './wire/message.ts';

export interface SmbAddress {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
}

export interface Request<T> {
  readonly command: Command;
  readonly body: Uint8Array;
  /** Bytes that the answer brings. */
  readonly brings?: Bytes;
  readonly tree?: number;
  /** Nobody else may read it: the server demands it for this share. */
  readonly sealed?: boolean;
  /** Gets the message as it goes out, before it is signed. */
  readonly sent?: (message: Buffer) => void;
  /** Takes what it needs out of the answer, which is gone when this returns. What it throws is what `send` throws. */
  readonly read: (message: Buffer, status: number) => T;
}

interface Pending {
  readonly command: Command;
  readonly sealed: boolean;
  readonly charge: number;
  delayed: boolean;
  readonly answer: (message: Buffer, status: number) => void;
  readonly fail: (error: unknown) => void;
}

/** The largest answer that is taken, whatever a server offers. */
export const LARGEST_ANSWER: Bytes = 8 * MiB;
const LARGEST_FRAME = LARGEST_ANSWER + SEAL_HEAD + HEAD + KiB;
const KEEP_ALIVE_MS = 30_000;
/** Where bytes go that come after the end. */
const NOWHERE = Buffer.alloc(KiB);

export class SmbConnection {
  readonly #name: string;
  readonly #patience: number;
  readonly #socket: Socket;
  readonly #frames = new Frames(LARGEST_FRAME, (message) => this.#take(message));
  readonly #credits = new Credits();
  readonly #pending = new Map<number, Pending>();
  readonly #connected = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #opening = true;
  #lost: unknown;
  #next = 0;
  #guard: Guard | undefined;
  /** Told by the server in the course of a login. */
  session = 0n;

  private constructor({ host, port }: SmbAddress, patience: number) {
    this.#name = nameOf({ host, port });
    this.#patience = patience;
    this.#connected.promise.catch(() => undefined);
    const onread: OnReadOpts = {
      buffer: () => (this.#lost === undefined ? this.#frames.room() : NOWHERE),
      callback: (count) => {
        this.#receive(count);
        return true;
      },
    };
    const options: TcpSocketConnectOpts & { readonly onread: OnReadOpts } = { host, port, onread };
    this.#socket = connect(options, () => {
      this.#opening = false;
      this.#connected.resolve();
    });
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket.on('error', (error) => this.lose(networkTrouble(error, this.#name) ?? this.#broken(error.message, error)));
    this.#socket.on('end', () => this.lose(this.#broken('the server closed the connection')));
    this.#socket.on('close', () => {
      this.lose(this.#broken('the connection was cut'));
      this.#ended.resolve();
    });
    // Begins again with each byte in either direction; while nothing is asked, silence means nothing.
    this.#socket.setTimeout(patience);
    this.#socket.on('timeout', () => {
      if (this.#opening || this.#pending.size > 0 || this.#credits.waiting) this.lose(this.#silent());
    });
  }

  /**
   * @param patience longest silence in milliseconds, by the machine's own clock
   * @throws MigrationError `source-unreachable`, `source-answer-broken`; the signal's reason
   */
  static async open(address: SmbAddress, patience: number, signal: AbortSignal): Promise<SmbConnection> {
    signal.throwIfAborted();
    const connection = new SmbConnection(address, patience);
    const giveUp = (): void => connection.lose(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await connection.#connected.promise;
      return connection;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** False once it has failed: it takes no further request. */
  get usable(): boolean {
    return this.#lost === undefined;
  }

  /** Credits that the server has given, used or not. */
  get granted(): number {
    return this.#credits.granted;
  }

  /** From here on everything is signed or sealed, on both sides. */
  protect(guard: Guard): void {
    this.#guard = guard;
  }

  /**
   * Sends a request as soon as there are credits for it. One whose signal aborts is answered to nobody.
   * @throws MigrationError `source-answer-broken`, `source-unreachable`; what `read` throws; the signal's reason
   */
  async send<T>(request: Request<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#lost !== undefined) throw this.#lost;
    const charge = Math.max(1, Math.ceil((request.brings ?? 0) / (64 * KiB)));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let leave = (): void => undefined;
    const giveUp = (): void => {
      // What was sent is answered all the same, and gives its credits back then.
      leave();
      reject(signal.reason);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      leave = this.#credits.take(charge, () => this.#post(request, charge, { resolve, reject }), reject);
      return await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Gives the connection up. Whoever waits for an answer gets the error. */
  lose(error: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#socket.destroy();
    this.#connected.reject(error);
    for (const { fail } of this.#pending.values()) fail(error);
    this.#pending.clear();
    this.#credits.fail(error);
  }

  /** Ends it when everything that was sent has left. */
  async end(): Promise<void> {
    this.#lost ??= this.#broken('the connection was closed');
    this.#socket.destroySoon();
    await this.#ended.promise;
  }

  #post<T>(request: Request<T>, charge: number, { resolve, reject }: Settling<T>): void {
    const guard = this.#guard;
    const sealed = guard?.seals(request.sealed === true) === true;
    const messageId = this.#next;
    this.#next += charge;
    const message = encodeRequest(
      {
        command: request.command,
        messageId,
        charge,
        credits: this.#credits.wish(charge),
        session: this.session,
        tree: request.tree ?? 0,
        signed: guard !== undefined && !sealed,
      },
      request.body,
    );
    request.sent?.(message);
    const answer = (answered: Buffer, status: number): void => {
      try {
        resolve(request.read(answered, status));
      } catch (error) {
        reject(error);
        if (error instanceof Malformed) throw error;
      }
    };
    this.#pending.set(messageId, { command: request.command, sealed, charge, delayed: false, answer, fail: reject });
    this.#write(guard?.protect(message, sealed) ?? message);
  }

  #write(message: Buffer): void {
    const frame = Buffer.allocUnsafe(4 + message.length);
    frame.writeUInt32BE(message.length, 0);
    message.copy(frame, 4);
    this.#socket.write(frame);
  }

  #receive(count: number): void {
    if (this.#lost !== undefined) return;
    try {
      this.#frames.received(count);
    } catch (error) {
      this.lose(error instanceof Malformed ? this.#broken(`an answer cannot be taken, ${error.message}`, error) : error);
    }
  }

  #take(frame: Buffer): void {
    const guard = this.#guard;
    const { message, sealed } = guard?.unseal(frame) ?? unprotected(frame);
    const head = decodeHead(message);
    const pending = this.#pending.get(Number(head.messageId));
    if (pending === undefined || COMMANDS[pending.command] !== head.command)
      throw new Malformed('it is the answer to no request');
    const isInterim = head.status === STATUS.pending;
    if (guard !== undefined && !sealed) {
      if (pending.sealed) throw new Malformed('it was not sealed');
      // The one that says that an answer will follow is not signed; it brings credits, and nothing else.
      if (!isInterim && !guard.isGenuine(message, head)) throw new Malformed('its signature is missing or wrong');
    }
    if (isInterim) {
      if (pending.delayed) throw new Malformed('it puts a request off a second time');
      pending.delayed = true;
      this.#credits.give(head.credits, 0);
      return;
    }
    this.#pending.delete(Number(head.messageId));
    if (guard === undefined) this.session = head.session;
    // Before the credits, so that what was asked for first is given first.
    pending.answer(message, head.status);
    this.#credits.give(head.credits, pending.charge);
    if (this.#credits.waiting && this.#pending.size === 0) throw new Malformed('it gives no credits for what is asked');
  }

  #broken(what: string, cause?: unknown): MigrationError {
    return new MigrationError('source-answer-broken', `Talking to ${this.#name} failed: ${what}`, { file: this.#name, cause });
  }

  #silent(): MigrationError {
    const seconds = this.#patience / 1000;
    if (!this.#opening) return this.#broken(`no byte came for ${seconds} s`);
    const message = `${this.#name} cannot be reached: it did not answer for ${seconds} s`;
    return new MigrationError('source-unreachable', message, { file: this.#name });
  }
}

interface Settling<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A server as people write it. */
export function nameOf({ host, port }: SmbAddress): string {
  return port === 445 ? `\\\\${host}` : `\\\\${host}:${port}`;
}
