/** The head of every SMB2 message ([MS-SMB2] 2.2.1), and how its parts are read without trusting a length. Pure. */

export const HEAD = 64;
/** Where a message's signature is, and how long. */
export const SIGNATURE_AT = 48;
export const SIGNATURE = 16;

export const COMMANDS = {
  negotiate: 0,
  sessionSetup: 1,
  logoff: 2,
  treeConnect: 3,
  create: 5,
  close: 6,
  read: 8,
  ioctl: 11,
} as const;

export type Command = keyof typeof COMMANDS;

const MARK = 0x424d_53fe;
const ANSWERED = 0x1;
const SIGNED = 0x8;

/** An answer that no server writes. Whoever knows the server says which one it was. */
export class Malformed extends Error {}

export interface RequestHead {
  readonly command: Command;
  readonly messageId: number;
  /** Credits that it costs: one for each 64 KiB that it moves, ≥ 1. */
  readonly charge: number;
  /** Credits that are asked for. */
  readonly credits: number;
  readonly session: bigint;
  readonly tree: number;
  /** It will be signed. */
  readonly signed: boolean;
}

/** A request without its signature. */
export function encodeRequest(head: RequestHead, body: Uint8Array): Buffer {
  const message = Buffer.alloc(HEAD + body.length);
  message.writeUInt32LE(MARK, 0);
  message.writeUInt16LE(HEAD, 4);
  message.writeUInt16LE(head.charge, 6);
  message.writeUInt16LE(COMMANDS[head.command], 12);
  message.writeUInt16LE(head.credits, 14);
  message.writeUInt32LE(head.signed ? SIGNED : 0, 16);
  message.writeBigUInt64LE(BigInt(head.messageId), 24);
  message.writeUInt32LE(head.tree, 36);
  message.writeBigUInt64LE(head.session, 40);
  message.set(body, HEAD);
  return message;
}

export interface AnswerHead {
  /** NTSTATUS. */
  readonly status: number;
  /** Number of the command. */
  readonly command: number;
  /** Credits that it grants. */
  readonly credits: number;
  readonly signed: boolean;
  readonly messageId: bigint;
  readonly session: bigint;
  readonly tree: number;
}

/** @throws Malformed */
export function decodeHead(message: Buffer): AnswerHead {
  need(message, HEAD);
  if (message.readUInt32LE(0) !== MARK || message.readUInt16LE(4) !== HEAD) throw new Malformed('it is no SMB2 message');
  const flags = message.readUInt32LE(16);
  if ((flags & ANSWERED) === 0) throw new Malformed('it is no answer');
  // Answers are joined only where requests were, and ours never are.
  if (message.readUInt32LE(20) !== 0) throw new Malformed('it is joined with another one');
  return {
    status: message.readUInt32LE(8),
    command: message.readUInt16LE(12),
    credits: message.readUInt16LE(14),
    signed: (flags & SIGNED) !== 0,
    messageId: message.readBigUInt64LE(24),
    tree: message.readUInt32LE(36),
    session: message.readBigUInt64LE(40),
  };
}

/** @throws Malformed for a message that is shorter */
export function need(message: Buffer, length: number): void {
  if (message.length < length) throw new Malformed(`it has only ${message.length} bytes`);
}

/** A part that a message names by its place. @throws Malformed where it is not wholly there */
export function part(message: Buffer, at: number, length: number): Buffer {
  if (length === 0) return message.subarray(0, 0);
  if (at < HEAD || at + length > message.length) throw new Malformed('it names a part that it does not have');
  return message.subarray(at, at + length);
}
