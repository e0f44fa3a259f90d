/** Logging in, entering a share, leaving ([MS-SMB2] 2.2.5 to 2.2.12). Pure. */
import { HEAD, need, part } from './message.ts';
import { SIGNING_REQUIRED } from './negotiate.ts';

const SETUP = 24;
const GUEST_OR_NOBODY = 0x3;
const SEAL_SESSION = 0x4;
const DISK = 1;
const SEAL_SHARE = 0x8000;

/** @param token of SPNEGO */
export function sessionSetupRequest(token: Uint8Array): Buffer {
  const body = Buffer.alloc(SETUP + token.length);
  body.writeUInt16LE(SETUP + 1, 0);
  body.writeUInt8(SIGNING_REQUIRED, 3);
  body.writeUInt16LE(HEAD + SETUP, 12);
  body.writeUInt16LE(token.length, 14);
  body.set(token, SETUP);
  return body;
}

export interface SessionSetup {
  /** The server knows the user only as a guest, or not at all: nothing would be signed. */
  readonly guest: boolean;
  /** Everything of this session has to be sealed. */
  readonly sealed: boolean;
  readonly token: Buffer;
}

/** @throws Malformed */
export function parseSessionSetup(message: Buffer): SessionSetup {
  need(message, HEAD + 8);
  const flags = message.readUInt16LE(HEAD + 2);
  return {
    guest: (flags & GUEST_OR_NOBODY) !== 0,
    sealed: (flags & SEAL_SESSION) !== 0,
    token: part(message, message.readUInt16LE(HEAD + 4), message.readUInt16LE(HEAD + 6)),
  };
}

const CONNECT = 8;

export function treeConnectRequest(server: string, share: string): Buffer {
  const path = Buffer.from(`\\\\${server}\\${share}`, 'utf16le');
  const body = Buffer.alloc(CONNECT + path.length);
  body.writeUInt16LE(CONNECT + 1, 0);
  body.writeUInt16LE(HEAD + CONNECT, 4);
  body.writeUInt16LE(path.length, 6);
  body.set(path, CONNECT);
  return body;
}

export interface TreeConnected {
  /** A share of files, not of printers or pipes. */
  readonly disk: boolean;
  /** Everything of this share has to be sealed. */
  readonly sealed: boolean;
}

/** @throws Malformed */
export function parseTreeConnected(message: Buffer): TreeConnected {
  need(message, HEAD + 16);
  return { disk: message.readUInt8(HEAD + 2) === DISK, sealed: (message.readUInt32LE(HEAD + 4) & SEAL_SHARE) !== 0 };
}

export function logoffRequest(): Buffer {
  return Buffer.from([4, 0, 0, 0]);
}
