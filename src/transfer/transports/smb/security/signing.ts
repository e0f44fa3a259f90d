/** Signatures of messages ([MS-SMB2] 3.1.4.1): AES-128-CMAC (RFC 4493) and AES-128-GMAC, by Node's own AES. Pure. */
import { createCipheriv, timingSafeEqual } from 'node:crypto';
import { KiB } from '../../../../model/units.ts';
import { SIGNATURE, SIGNATURE_AT } from '../wire/message.ts';
import type { SigningAlgorithm } from '../wire/negotiate.ts';

const BLOCK = 16;
const NOTHING = Buffer.alloc(BLOCK);
/** CBC gives as many bytes as it takes, and nobody wants them: pieces of this size stay in the processor's cache. */
const PIECE = 64 * KiB;

type Mac = (message: Buffer) => Buffer;

export class Signing {
  readonly #mac: Mac;

  constructor(algorithm: SigningAlgorithm, key: Buffer) {
    this.#mac = algorithm === 'aes-128-gmac' ? gmac(key) : cmac(key);
  }

  /** Puts the signature into a message. */
  sign(message: Buffer): void {
    message.fill(0, SIGNATURE_AT, SIGNATURE_AT + SIGNATURE);
    this.#mac(message).copy(message, SIGNATURE_AT);
  }

  /** Whether a message bears the right signature. It is without one afterwards. */
  check(message: Buffer): boolean {
    const signature = Buffer.from(message.subarray(SIGNATURE_AT, SIGNATURE_AT + SIGNATURE));
    this.sign(message);
    return timingSafeEqual(message.subarray(SIGNATURE_AT, SIGNATURE_AT + SIGNATURE), signature);
  }
}

/** The last block is what CBC gives for a message whose own last block was mixed with a subkey. */
export function cmac(key: Buffer): Mac {
  const zero = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(NOTHING);
  const whole = doubled(zero);
  const broken = doubled(whole);
  return (message) => {
    const cipher = createCipheriv('aes-128-cbc', key, NOTHING).setAutoPadding(false);
    const end = message.length === 0 ? 0 : Math.floor((message.length - 1) / BLOCK) * BLOCK;
    for (let at = 0; at < end; at += PIECE) cipher.update(message.subarray(at, Math.min(end, at + PIECE)));
    const last = Buffer.alloc(BLOCK);
    const left = message.copy(last, 0, end);
    if (left < BLOCK) last[left] = 0x80;
    const subkey = left < BLOCK ? broken : whole;
    for (let index = 0; index < BLOCK; index += 1) last[index] = (last[index] ?? 0) ^ (subkey[index] ?? 0);
    return cipher.update(last);
  };
}

/** Twice as much in the field of 2^128 elements. */
function doubled(block: Buffer): Buffer {
  const double = Buffer.alloc(BLOCK);
  for (let [index, carry] = [BLOCK - 1, 0]; index >= 0; index -= 1) {
    const byte = block[index] ?? 0;
    double[index] = ((byte << 1) | carry) & 0xff;
    carry = byte >>> 7;
  }
  if ((block[0] ?? 0) >= 0x80) double[BLOCK - 1] = (double[BLOCK - 1] ?? 0) ^ 0x87;
  return double;
}

/** The nonce is the message's number, and a bit that tells answers from requests. */
function gmac(key: Buffer): Mac {
  return (message) => {
    const nonce = Buffer.alloc(12);
    message.copy(nonce, 0, 24, 32);
    nonce[8] = message.readUInt32LE(16) & 1;
    const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(message);
    cipher.final();
    return cipher.getAuthTag();
  };
}
