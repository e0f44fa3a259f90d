/**
 * Asking again, signed, what was agreed on unsigned ([MS-SMB2] 2.2.31.4, 3.2.5.5): before 3.1.1 that is how a server that was made to look
 * older than it is, or unable to encrypt, is found out. Pure.
 */
import { HEAD, Malformed, need, part } from './message.ts';

const FIXED = 56;
const VALIDATE = 0x0014_0204;
const ANSWER = 24;
const IS_FSCTL = 1;

/** @param offered what `negotiateRequest` offered, as `offerOf` tells it */
export function validateRequest(offered: Buffer): Buffer {
  const body = Buffer.alloc(FIXED + offered.length);
  body.writeUInt16LE(FIXED + 1, 0);
  body.writeUInt32LE(VALIDATE, 4);
  body.fill(0xff, 8, 24);
  body.writeUInt32LE(HEAD + FIXED, 24);
  body.writeUInt32LE(offered.length, 28);
  body.writeUInt32LE(ANSWER, 44);
  body.writeUInt32LE(IS_FSCTL, 48);
  body.set(offered, FIXED);
  return body;
}

/** Capabilities, client, security mode and dialects of a negotiate request. */
export function offerOf(negotiate: Buffer): Buffer {
  const dialects = negotiate.readUInt16LE(HEAD + 2);
  return Buffer.concat([
    negotiate.subarray(HEAD + 8, HEAD + 28),
    negotiate.subarray(HEAD + 4, HEAD + 6),
    negotiate.subarray(HEAD + 2, HEAD + 4),
    negotiate.subarray(HEAD + 36, HEAD + 36 + dialects * 2),
  ]);
}

/** Capabilities, server, security mode and dialect of the answer to it. @throws Malformed */
export function agreementOf(negotiated: Buffer): Buffer {
  need(negotiated, HEAD + 64);
  return Buffer.concat([
    negotiated.subarray(HEAD + 24, HEAD + 28),
    negotiated.subarray(HEAD + 8, HEAD + 24),
    negotiated.subarray(HEAD + 2, HEAD + 6),
  ]);
}

/** What the server says now: to be the same as `agreementOf`. @throws Malformed */
export function parseValidated(message: Buffer): Buffer {
  need(message, HEAD + 48);
  const told = part(message, message.readUInt32LE(HEAD + 32), message.readUInt32LE(HEAD + 36));
  if (told.length !== ANSWER) throw new Malformed('it does not say what was agreed on');
  return Buffer.from(told);
}
