/** Keys of a session ([MS-SMB2] 3.1.4.2): derived from what the login gave, and in 3.1.1 from everything that was said before it. Pure. */
import { createHash, createHmac } from 'node:crypto';
import type { Cipher, Dialect } from '../wire/negotiate.ts';

/** Hash over all messages of an agreement and a login: whoever changes one of them on the way gets other keys than we do. */
export class Preauth {
  #hash = Buffer.alloc(64);

  add(message: Uint8Array): void {
    this.#hash = createHash('sha512').update(this.#hash).update(message).digest();
  }

  get value(): Buffer {
    return this.#hash;
  }
}

export interface SessionKeys {
  readonly signing: Buffer;
  /** For what we seal. */
  readonly toServer: Buffer;
  /** For what the server seals. */
  readonly fromServer: Buffer;
}

export interface KeyGround {
  readonly dialect: Dialect;
  readonly cipher: Cipher | undefined;
  /** What the login gave. */
  readonly sessionKey: Uint8Array;
  readonly preauth: Buffer;
}

const BEFORE_311 = {
  signing: ['SMB2AESCMAC\0', 'SmbSign\0'],
  toServer: ['SMB2AESCCM\0', 'ServerIn \0'],
  fromServer: ['SMB2AESCCM\0', 'ServerOut\0'],
} as const;

export function sessionKeys({ dialect, cipher, sessionKey, preauth }: KeyGround): SessionKeys {
  const first = sessionKey.subarray(0, 16);
  const long = cipher?.startsWith('aes-256') === true;
  if (dialect !== '3.1.1') {
    const of = (name: keyof typeof BEFORE_311): Buffer =>
      derive(first, BEFORE_311[name][0], Buffer.from(BEFORE_311[name][1]), 128);
    return { signing: of('signing'), toServer: of('toServer'), fromServer: of('fromServer') };
  }
  const [base, bits] = long ? [sessionKey, 256] : [first, 128];
  return {
    signing: derive(first, 'SMBSigningKey\0', preauth, 128),
    toServer: derive(base, 'SMBC2SCipherKey\0', preauth, bits),
    fromServer: derive(base, 'SMBS2CCipherKey\0', preauth, bits),
  };
}

/** NIST SP 800-108, in counter mode with HMAC-SHA256; 256 bits at most, so that the counter stays at 1. */
function derive(key: Uint8Array, label: string, context: Buffer, bits: number): Buffer {
  const counter = Buffer.from([0, 0, 0, 1]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bits);
  const mac = createHmac('sha256', key)
    .update(counter)
    .update(label)
    .update(Buffer.from([0]))
    .update(context)
    .update(length);
  return mac.digest().subarray(0, bits / 8);
}
