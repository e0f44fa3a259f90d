/** The three messages of a login as bytes: [MS-NLMP] 2.2.1. */
import { type AvPair, readAvPairs } from './av-pairs.ts';
import { brokenToken } from './trouble.ts';

export const FLAG = {
  unicode: 0x1,
  requestTarget: 0x4,
  sign: 0x10,
  seal: 0x20,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  extendedSessionSecurity: 0x80000,
  targetInfo: 0x800000,
  version: 0x2000000,
  strength128: 0x20000000,
  keyExchange: 0x40000000,
  strength56: 0x80000000,
} as const;

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');
/** 10.0, revision 15 of the protocol: nobody decides by it, but older Windows wants one to be there. */
const VERSION = Buffer.of(10, 0, 0, 0, 0, 0, 0, 15);
const MIC_AT = 72;
const MIC_LENGTH = 16;

/** The first message. No names are in it: they would go in the clear to somebody who is not known yet. */
export function negotiateMessage(flags: number): Buffer {
  const message = Buffer.alloc(40);
  message.set(SIGNATURE);
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(flags >>> 0, 12);
  message.writeUInt32LE(40, 20);
  message.writeUInt32LE(40, 28);
  message.set(VERSION, 32);
  return message;
}

export interface Challenge {
  readonly flags: number;
  readonly serverChallenge: Buffer;
  readonly pairs: readonly AvPair[];
}

/** @throws MigrationError `source-answer-broken` */
export function parseChallenge(message: Buffer): Challenge {
  if (message.length < 32 || !message.subarray(0, 8).equals(SIGNATURE)) throw brokenToken('it is no NTLM message');
  if (message.readUInt32LE(8) !== 2) throw brokenToken('it is no challenge');
  const flags = message.readUInt32LE(20);
  const hasInfo = (flags & FLAG.targetInfo) !== 0 && message.length >= 48;
  return {
    flags,
    serverChallenge: message.subarray(24, 32),
    pairs: hasInfo ? readAvPairs(field(message, 40)) : [],
  };
}

function field(message: Buffer, at: number): Buffer {
  const length = message.readUInt16LE(at);
  const from = message.readUInt32LE(at + 4);
  if (from + length > message.length) throw brokenToken('a part of it lies behind its end');
  return message.subarray(from, from + length);
}

export interface Authenticate {
  readonly flags: number;
  readonly lm: Uint8Array;
  readonly nt: Uint8Array;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  readonly encryptedSessionKey: Uint8Array;
}

/** The last message, with zeros where its checksum belongs. */
export function authenticateMessage(content: Authenticate): Buffer {
  const head = Buffer.alloc(MIC_AT + MIC_LENGTH);
  head.set(SIGNATURE);
  head.writeUInt32LE(3, 8);
  head.writeUInt32LE(content.flags >>> 0, 60);
  head.set(VERSION, 64);
  const parts: readonly (readonly [number, Uint8Array])[] = [
    [28, Buffer.from(content.domain, 'utf16le')],
    [36, Buffer.from(content.user, 'utf16le')],
    [44, Buffer.from(content.workstation, 'utf16le')],
    [12, content.lm],
    [20, content.nt],
    [52, content.encryptedSessionKey],
  ];
  let end = head.length;
  for (const [at, { length }] of parts) {
    head.writeUInt16LE(length, at);
    head.writeUInt16LE(length, at + 2);
    head.writeUInt32LE(end, at + 4);
    end += length;
  }
  return Buffer.concat([head, ...parts.map(([, bytes]) => bytes)]);
}

/** Puts the checksum of all three messages into the last one. */
export function setMic(message: Buffer, mic: Uint8Array): void {
  message.set(mic, MIC_AT);
}
