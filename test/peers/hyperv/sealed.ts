/** The body of a sealed message on plain HTTP ([MS-WSMV] 2.2.9.1): two parts, of which the second is a length, a signature and the rest. */

const PROTOCOL = 'application/HTTP-SPNEGO-session-encrypted';
const BOUNDARY = '--Encrypted Boundary';
const OCTETS = '\tContent-Type: application/octet-stream\r\n';

export const SEALED_TYPE = `multipart/encrypted;protocol="${PROTOCOL}";boundary="Encrypted Boundary"`;

export interface SealedBody {
  /** Bytes of the message that is within. */
  readonly length: number;
  /** Signature, then the sealed message. */
  readonly content: Buffer;
}

export function isSealed(contentType: string): boolean {
  return /^multipart\/encrypted\b/i.test(contentType) && contentType.includes(PROTOCOL);
}

/** @throws Error when it is none */
export function readSealed(body: Buffer): SealedBody {
  const start = body.indexOf('application/octet-stream\r\n');
  const head = body.subarray(0, start).toString('latin1');
  const length = /OriginalContent: *type=application\/soap\+xml; *charset=UTF-8; *Length=(\d+)\r\n/i.exec(head)?.[1];
  const end = body.lastIndexOf(`${BOUNDARY}--`);
  if (start < 0 || end < 0 || length === undefined || !head.startsWith(`${BOUNDARY}\r\n`) || !head.includes(PROTOCOL))
    throw new Error('no sealed message');
  const sealed = body.subarray(start + 'application/octet-stream\r\n'.length, end);
  if (sealed.length < 20 || sealed.readUInt32LE(0) !== 16) throw new Error('no signature of 16 bytes');
  return { length: Number(length), content: sealed.subarray(4) };
}

/** @param length of the message @param content signature, then the sealed message */
export function writeSealed({ length, content }: SealedBody): Buffer {
  const head = `${BOUNDARY}\r\n\tContent-Type: ${PROTOCOL}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${length}\r\n${BOUNDARY}\r\n${OCTETS}`;
  const size = Buffer.alloc(4);
  size.writeUInt32LE(16);
  return Buffer.concat([Buffer.from(head), size, content, Buffer.from(`${BOUNDARY}--\r\n`)]);
}
