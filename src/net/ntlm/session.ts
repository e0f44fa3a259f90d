/** What protects messages after a login: [MS-NLMP] 3.4, with extended session security, which we insist on. */
import { timingSafeEqual } from 'node:crypto';
import { MigrationError } from '../../model/errors.ts';
import { type Direction, hmacMd5, sealingKey, signingKey } from './keys.ts';
import { Rc4 } from './rc4.ts';

const SIGNATURE_LENGTH = 16;

export interface NtlmSession {
  /** The exported session key, 16 bytes: what SMB makes its own keys of. A secret. */
  readonly sessionKey: Buffer;
  /** The 16 bytes that belong to the next message that we send. */
  sign(message: Uint8Array): Buffer;
  /** @throws MigrationError `source-answer-broken` when the next message of the server is not what it signed */
  verify(message: Uint8Array, signature: Uint8Array): void;
  /** The next message that we send, so that nobody else reads it. */
  seal(message: Uint8Array): { readonly signature: Buffer; readonly sealed: Buffer };
  /** @throws MigrationError `source-answer-broken` */
  unseal(sealed: Uint8Array, signature: Uint8Array): Buffer;
}

export interface SessionOptions {
  /** A key was exchanged: checksums are enciphered too. */
  readonly keyExchange: boolean;
}

/** Both directions of a connection. Messages have to be given in the order in which they travel. */
export class SessionSecurity implements NtlmSession {
  readonly sessionKey: Buffer;
  readonly #out: Stream;
  readonly #in: Stream;

  /** @param end whose end this is; tests hold both */
  constructor(sessionKey: Buffer, options: SessionOptions, end: 'client' | 'server' = 'client') {
    this.sessionKey = sessionKey;
    const toServer = new Stream(sessionKey, 'client-to-server', options);
    const toClient = new Stream(sessionKey, 'server-to-client', options);
    this.#out = end === 'client' ? toServer : toClient;
    this.#in = end === 'client' ? toClient : toServer;
  }

  sign(message: Uint8Array): Buffer {
    return this.#out.checksum(message);
  }

  verify(message: Uint8Array, signature: Uint8Array): void {
    if (!same(this.#in.checksum(message), signature)) throw tampered();
  }

  seal(message: Uint8Array): { readonly signature: Buffer; readonly sealed: Buffer } {
    const sealed = this.#out.cipher.apply(message);
    return { signature: this.#out.checksum(message), sealed };
  }

  unseal(sealed: Uint8Array, signature: Uint8Array): Buffer {
    const message = this.#in.cipher.apply(sealed);
    this.verify(message, signature);
    return message;
  }

  /** SPNEGO has signed its list of mechanisms, which takes a number but leaves the ciphers where they were ([MS-SPNG] 3.3.5.1). */
  restartCiphers(): void {
    this.#out.restart();
    this.#in.restart();
  }
}

class Stream {
  readonly #signingKey: Buffer;
  readonly #sealingKey: Buffer;
  readonly #keyExchange: boolean;
  #number = 0;
  cipher: Rc4;

  constructor(sessionKey: Buffer, direction: Direction, { keyExchange }: SessionOptions) {
    this.#signingKey = signingKey(sessionKey, direction);
    this.#sealingKey = sealingKey(sessionKey, direction);
    this.#keyExchange = keyExchange;
    this.cipher = new Rc4(this.#sealingKey);
  }

  /** NTLMSSP_MESSAGE_SIGNATURE of the next message. */
  checksum(message: Uint8Array): Buffer {
    const signature = Buffer.alloc(SIGNATURE_LENGTH);
    signature.writeUInt32LE(1, 0);
    signature.writeUInt32LE(this.#number, 12);
    this.#number = (this.#number + 1) >>> 0;
    const sum = hmacMd5(this.#signingKey, signature.subarray(12), message).subarray(0, 8);
    signature.set(this.#keyExchange ? this.cipher.apply(sum) : sum, 4);
    return signature;
  }

  restart(): void {
    this.cipher = new Rc4(this.#sealingKey);
  }
}

function same(expected: Buffer, found: Uint8Array): boolean {
  return expected.length === found.length && timingSafeEqual(expected, found);
}

function tampered(): MigrationError {
  return new MigrationError('source-answer-broken', 'A message of the server was changed on its way: its signature does not fit');
}
