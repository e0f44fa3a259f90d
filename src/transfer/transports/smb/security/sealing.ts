/** Sealed messages ([MS-SMB2] 2.2.41, 3.1.4.3): encrypted and authenticated as a whole, behind a head of their own. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Malformed, need } from '../wire/message.ts';
import type { Cipher } from '../wire/negotiate.ts';
import type { SessionKeys } from './keys.ts';

const MARK = 0x424d_53fd;
export const SEAL_HEAD = 52;
const TAG_AT = 4;
const TAG = 16;
const NONCE_AT = 20;
const ENCRYPTED = 1;

export function isSealed(frame: Buffer): boolean {
  return frame.length >= 4 && frame.readUInt32LE(0) === MARK;
}

export class Sealing {
  readonly #cipher: Cipher;
  readonly #keys: SessionKeys;
  readonly #session: bigint;
  /** Never the same twice under one key. */
  #nonce = 0n;

  constructor(cipher: Cipher, keys: SessionKeys, session: bigint) {
    this.#cipher = cipher;
    this.#keys = keys;
    this.#session = session;
  }

  seal(message: Buffer): Buffer {
    const head = Buffer.alloc(SEAL_HEAD);
    this.#nonce += 1n;
    head.writeUInt32LE(MARK, 0);
    head.writeBigUInt64LE(this.#nonce, NONCE_AT);
    head.writeUInt32LE(message.length, 36);
    head.writeUInt16LE(ENCRYPTED, 42);
    head.writeBigUInt64LE(this.#session, 44);
    const given = [this.#keys.toServer, this.#nonceOf(head)] as const;
    const associated = head.subarray(NONCE_AT);
    const cipher = isCcm(this.#cipher)
      ? createCipheriv(this.#cipher, ...given, { authTagLength: TAG }).setAAD(associated, { plaintextLength: message.length })
      : createCipheriv(this.#cipher, ...given).setAAD(associated);
    const sealed = [cipher.update(message), cipher.final()];
    cipher.getAuthTag().copy(head, TAG_AT);
    return Buffer.concat([head, ...sealed]);
  }

  /** @throws Malformed where it was not sealed by the server of this session */
  open(frame: Buffer): Buffer {
    need(frame, SEAL_HEAD);
    const length = frame.readUInt32LE(36);
    if (frame.readUInt16LE(42) !== ENCRYPTED || frame.readBigUInt64LE(44) !== this.#session) {
      throw new Malformed('it was sealed for somebody else');
    }
    if (length !== frame.length - SEAL_HEAD) throw new Malformed('it is longer or shorter than it says');
    const given = [this.#keys.fromServer, this.#nonceOf(frame)] as const;
    const associated = frame.subarray(NONCE_AT, SEAL_HEAD);
    const tag = frame.subarray(TAG_AT, TAG_AT + TAG);
    const decipher = isCcm(this.#cipher)
      ? createDecipheriv(this.#cipher, ...given, { authTagLength: TAG })
          .setAuthTag(tag)
          .setAAD(associated, { plaintextLength: length })
      : createDecipheriv(this.#cipher, ...given, { authTagLength: TAG })
          .setAuthTag(tag)
          .setAAD(associated);
    try {
      const message = decipher.update(frame.subarray(SEAL_HEAD));
      decipher.final();
      return message;
    } catch (cause) {
      throw new Malformed('its seal is broken', { cause });
    }
  }

  #nonceOf(head: Buffer): Buffer {
    return head.subarray(NONCE_AT, NONCE_AT + (isCcm(this.#cipher) ? 11 : 12));
  }
}

function isCcm(cipher: Cipher): cipher is 'aes-128-ccm' | 'aes-256-ccm' {
  return cipher.endsWith('ccm');
}
