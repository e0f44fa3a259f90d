/** The arithmetic of NTLMv2: [MS-NLMP] 3.3.2 (responses) and 3.4.5 (keys of a session). */
import { createHash, createHmac } from 'node:crypto';
import { md4 } from './md4.ts';
import { type NtlmUser, upperCase } from './user.ts';

export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('md5', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** NTOWFv2. */
export function responseKey(user: NtlmUser, password: string): Buffer {
  return hmacMd5(md4(Buffer.from(password, 'utf16le')), Buffer.from(upperCase(user.name) + user.domain, 'utf16le'));
}

export interface ResponseInput {
  readonly key: Uint8Array;
  /** Eight bytes of the server, eight of ours. */
  readonly serverChallenge: Uint8Array;
  readonly clientChallenge: Uint8Array;
  /** Units of 100 ns since 1601. */
  readonly time: bigint;
  /** AV pairs with their end. */
  readonly targetInfo: Uint8Array;
}

/** NTLMv2_RESPONSE, and the key that belongs to it. */
export function ntResponse(input: ResponseInput): { readonly response: Buffer; readonly sessionBaseKey: Buffer } {
  const head = Buffer.alloc(28);
  head.set([1, 1]);
  head.writeBigUInt64LE(input.time, 8);
  head.set(input.clientChallenge, 16);
  const claims = Buffer.concat([head, input.targetInfo, Buffer.alloc(4)]);
  const proof = hmacMd5(input.key, input.serverChallenge, claims);
  return { response: Buffer.concat([proof, claims]), sessionBaseKey: hmacMd5(input.key, proof) };
}

/** LMv2_RESPONSE; only servers that tell no time look at it. */
export function lmResponse(input: Pick<ResponseInput, 'key' | 'serverChallenge' | 'clientChallenge'>): Buffer {
  return Buffer.concat([hmacMd5(input.key, input.serverChallenge, input.clientChallenge), input.clientChallenge]);
}

export type Direction = 'client-to-server' | 'server-to-client';

export function signingKey(sessionKey: Uint8Array, direction: Direction): Buffer {
  return magic(sessionKey, `session key to ${direction} signing key magic constant\0`);
}

/** Of 128 bits: less is not agreed on. */
export function sealingKey(sessionKey: Uint8Array, direction: Direction): Buffer {
  return magic(sessionKey, `session key to ${direction} sealing key magic constant\0`);
}

function magic(key: Uint8Array, text: string): Buffer {
  return createHash('md5').update(key).update(text, 'latin1').digest();
}
