/** Messages that NTLM seals, as WinRM puts them into HTTP: [MS-WSMV] 2.2.9.1. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { NtlmSession } from '../../../src/net/ntlm/index.ts';

export const SOAP = 'application/soap+xml;charset=UTF-8';
const BOUNDARY = 'Encrypted Boundary';
const PROTOCOL = 'application/HTTP-SPNEGO-session-encrypted';
const SEALED = 'multipart/encrypted';

/** Parts that an answer may have: Windows cuts at 16 KiB. */
const MOST_PARTS = 1024;

export function seal(message: Uint8Array, session: NtlmSession): { readonly contentType: string; readonly body: Buffer } {
  const { signature, sealed } = session.seal(message);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(signature.length);
  const head = [
    `--${BOUNDARY}`,
    `\tContent-Type: ${PROTOCOL}`,
    `\tOriginalContent: type=${SOAP};Length=${message.length}`,
    `--${BOUNDARY}`,
    '\tContent-Type: application/octet-stream',
    '',
  ].join('\r\n');
  return {
    contentType: `${SEALED};protocol="${PROTOCOL}";boundary="${BOUNDARY}"`,
    body: Buffer.concat([Buffer.from(head), length, signature, sealed, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

/** True for one part (`multipart/encrypted`) and for several (`multipart/x-multi-encrypted`). */
export function isSealed(contentType: string): boolean {
  return /^multipart\/(x-multi-)?encrypted\b/i.test(contentType);
}

/**
 * Takes what is told of each part and reads it by its length: the sealed bytes may hold anything, also what looks like a boundary.
 * @throws MigrationError `source-answer-broken`
 */
export function unseal(body: Buffer, contentType: string, session: NtlmSession): Buffer {
  const boundary = `--${/boundary="?([^";]+)/i.exec(contentType)?.[1] ?? BOUNDARY}`;
  const messages: Buffer[] = [];
  let at = 0;
  while (
    !body
      .subarray(at)
      .toString('latin1', 0, boundary.length + 2)
      .startsWith(`${boundary}--`)
  ) {
    if (messages.length === MOST_PARTS) throw broken('has too many parts');
    const told = headAt(body, at, boundary);
    const length = Number(/OriginalContent:[^\r\n]*;\s*Length=(\d{1,9})\s*$/im.exec(told.text)?.[1] ?? Number.NaN);
    const data = headAt(body, told.end, boundary);
    at = data.end + 4;
    if (Number.isNaN(length) || at > body.length) throw broken('is cut short');
    const signature = at + body.readUInt32LE(data.end);
    const end = signature + length;
    if (end > body.length) throw broken('is cut short');
    messages.push(session.unseal(body.subarray(signature, end), body.subarray(at, signature)));
    at = end;
  }
  return Buffer.concat(messages);
}

/** A boundary and the indented lines after it. */
function headAt(body: Buffer, at: number, boundary: string): { readonly text: string; readonly end: number } {
  // Lines of a head are short; what follows it is no text.
  const window = body.subarray(at, at + 1024).toString('latin1');
  if (!window.startsWith(`${boundary}\r\n`)) throw broken('has no boundary where one belongs');
  const lines = /^(?:[\t ]*[A-Za-z-]+:[^\r\n]*\r\n)+/.exec(window.slice(boundary.length + 2))?.[0];
  if (lines === undefined) throw broken('does not say what it holds');
  return { text: lines, end: at + boundary.length + 2 + lines.length };
}

function broken(what: string): MigrationError {
  return new MigrationError('source-answer-broken', `A sealed answer ${what}`);
}
