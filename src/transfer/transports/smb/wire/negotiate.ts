/** What client and server agree on before a login ([MS-SMB2] 2.2.3, 2.2.4). Pure. */
import { type Bytes, KiB } from '../../../../model/units.ts';
import { HEAD, Malformed, need, part } from './message.ts';

/** 2.1 and older cannot be sealed and sign with SHA-256; every Windows since 2012 speaks 3.0. */
export type Dialect = '3.0' | '3.0.2' | '3.1.1';
export type Cipher = 'aes-128-ccm' | 'aes-128-gcm' | 'aes-256-ccm' | 'aes-256-gcm';
export type SigningAlgorithm = 'aes-128-cmac' | 'aes-128-gmac';

const DIALECTS: ReadonlyMap<number, Dialect> = new Map([
  [0x0300, '3.0'],
  [0x0302, '3.0.2'],
  [0x0311, '3.1.1'],
]);
/** What is wanted first comes first. */
const CIPHERS: ReadonlyMap<number, Cipher> = new Map([
  [2, 'aes-128-gcm'],
  [4, 'aes-256-gcm'],
  [1, 'aes-128-ccm'],
  [3, 'aes-256-ccm'],
]);
const ALGORITHMS: ReadonlyMap<number, SigningAlgorithm> = new Map([
  [2, 'aes-128-gmac'],
  [1, 'aes-128-cmac'],
]);

const PREAUTH = 1;
const ENCRYPTION = 2;
const SIGNING = 8;
const SHA512 = 1;
const SALT = 32;
/** Signing is not only possible: we demand it. */
export const SIGNING_REQUIRED = 2;
const LARGE_MTU = 0x4;
const CAN_ENCRYPT = 0x40;
const CAPABILITIES = LARGE_MTU | CAN_ENCRYPT;
const REQUEST = 36;
const ANSWER = HEAD + 64;
/** More contexts than exist. */
const MOST_CONTEXTS = 32;

export interface NegotiateWish {
  /** 16 bytes, one for this client. */
  readonly client: Uint8Array;
  /** 32 random bytes. */
  readonly salt: Uint8Array;
}

export function negotiateRequest({ client, salt }: NegotiateWish): Buffer {
  const fixed = Buffer.alloc(REQUEST + DIALECTS.size * 2 + ((8 - ((REQUEST + DIALECTS.size * 2) % 8)) % 8));
  fixed.writeUInt16LE(REQUEST, 0);
  fixed.writeUInt16LE(DIALECTS.size, 2);
  fixed.writeUInt16LE(SIGNING_REQUIRED, 4);
  fixed.writeUInt32LE(CAPABILITIES, 8);
  fixed.set(client, 12);
  fixed.writeUInt32LE(HEAD + fixed.length, 28);
  fixed.writeUInt16LE(3, 32);
  for (const [index, dialect] of [...DIALECTS.keys()].entries()) fixed.writeUInt16LE(dialect, REQUEST + index * 2);
  return Buffer.concat([
    fixed,
    context(PREAUTH, Buffer.concat([words([1, SALT, SHA512]), salt])),
    context(ENCRYPTION, words([CIPHERS.size, ...CIPHERS.keys()])),
    context(SIGNING, words([ALGORITHMS.size, ...ALGORITHMS.keys()])),
  ]);
}

export interface Negotiated {
  readonly dialect: Dialect;
  /** What sealed messages are sealed with; undefined where the server cannot. */
  readonly cipher: Cipher | undefined;
  readonly signing: SigningAlgorithm;
  /** Most bytes of one read. */
  readonly maxRead: Bytes;
}

/** @throws Malformed */
export function parseNegotiated(message: Buffer): Negotiated {
  need(message, ANSWER);
  const dialect = DIALECTS.get(message.readUInt16LE(HEAD + 4));
  if (dialect === undefined) throw new Malformed('it chose a dialect that was not offered');
  const capabilities = message.readUInt32LE(HEAD + 24);
  const told = message.readUInt32LE(HEAD + 32);
  if (told < 4 * KiB) throw new Malformed(`it gives ${told} bytes at once`);
  // Without this no request costs, or moves, more than one credit's worth.
  const maxRead = (capabilities & LARGE_MTU) === 0 ? Math.min(told, 64 * KiB) : told;
  if (dialect !== '3.1.1') {
    const cipher = (capabilities & CAN_ENCRYPT) === 0 ? undefined : 'aes-128-ccm';
    return { dialect, cipher, signing: 'aes-128-cmac', maxRead };
  }
  const contexts = readContexts(message);
  const [, , hash] = chosen(contexts.get(PREAUTH), 3);
  if (hash !== SHA512) throw new Malformed('it does not hash what was agreed on');
  const [, cipher = 0] = chosen(contexts.get(ENCRYPTION), 2);
  const [, signing = 1] = chosen(contexts.get(SIGNING), 2);
  const algorithm = ALGORITHMS.get(signing);
  if (algorithm === undefined) throw new Malformed('it signs in a way that was not offered');
  if (cipher !== 0 && !CIPHERS.has(cipher)) throw new Malformed('it encrypts in a way that was not offered');
  return { dialect, cipher: CIPHERS.get(cipher), signing: algorithm, maxRead };
}

function readContexts(message: Buffer): ReadonlyMap<number, Buffer> {
  const contexts = new Map<number, Buffer>();
  const count = message.readUInt16LE(HEAD + 6);
  if (count > MOST_CONTEXTS) throw new Malformed(`it has ${count} contexts`);
  for (let [index, at] = [0, message.readUInt32LE(HEAD + 60)]; index < count; index += 1) {
    const head = part(message, at, 8);
    const length = head.readUInt16LE(2);
    const kind = head.readUInt16LE(0);
    if (contexts.has(kind)) throw new Malformed('it has one context twice');
    contexts.set(kind, part(message, at + 8, length));
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return contexts;
}

/** The first words of a context, of which the first counts what was chosen: one. None when it is absent. */
function chosen(bytes: Buffer | undefined, count: number): readonly number[] {
  if (bytes === undefined) return [];
  if (bytes.length < count * 2 || bytes.readUInt16LE(0) !== 1) throw new Malformed('it chose more than one way');
  return Array.from({ length: count }, (_, index) => bytes.readUInt16LE(index * 2));
}

function context(kind: number, data: Buffer): Buffer {
  const bytes = Buffer.alloc(8 + Math.ceil(data.length / 8) * 8);
  bytes.writeUInt16LE(kind, 0);
  bytes.writeUInt16LE(data.length, 2);
  bytes.set(data, 8);
  return bytes;
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, index * 2);
  return bytes;
}
