/** Newstyle negotiation: structured replies, the allocation context, then GO. */
import type { Socket } from 'node:net';
import { MigrationError } from '../../model/errors.ts';
import {
  ALLOCATION_CONTEXT,
  DEFAULT_MAX_REQUEST,
  FIXED_NEWSTYLE,
  INFO,
  MAX_CONTROL_BYTES,
  NO_ZEROES,
  OPTION,
  OPTION_MAGIC,
  OPTION_REFUSED,
  OPTION_REPLY,
  OPTION_REPLY_MAGIC,
  SERVER_MAGIC,
} from './protocol.ts';
import type { SocketReader } from './socket-reader.ts';

/** What was agreed on. */
export interface Agreement {
  /** Size of the export in bytes. */
  readonly size: number;
  /** Largest read in bytes. */
  readonly maxRequest: number;
  readonly structured: boolean;
  /** Id of the allocation context; undefined when the server has none. */
  readonly allocationContext: number | undefined;
}

interface OptionReply {
  readonly type: number;
  readonly data: Buffer;
}

/** More replies to one option than this are refused: a server answers with a handful. */
const MAX_OPTION_REPLIES = 64;

/** @throws MigrationError `source-read-failed` when the server refuses the export or breaks the protocol */
export async function negotiate(socket: Socket, reader: SocketReader, exportName: string): Promise<Agreement> {
  await greet(socket, reader);
  socket.write(optionRequest(OPTION.structuredReply, Buffer.alloc(0)));
  const structured = (await optionReplies(reader, OPTION.structuredReply)).at(-1)?.type === OPTION_REPLY.ack;
  const allocationContext = structured ? await agreeOnAllocation(socket, reader, exportName) : undefined;
  return { ...(await go(socket, reader, exportName)), structured, allocationContext };
}

async function greet(socket: Socket, reader: SocketReader): Promise<void> {
  const hello = await reader.take(18);
  const flags = hello.readUInt16BE(16);
  if (hello.readBigUInt64BE(0) !== SERVER_MAGIC || hello.readBigUInt64BE(8) !== OPTION_MAGIC || (flags & FIXED_NEWSTYLE) === 0) {
    throw broken('it does not greet as a newstyle NBD server');
  }
  const answer = Buffer.alloc(4);
  answer.writeUInt32BE(flags & (FIXED_NEWSTYLE | NO_ZEROES));
  socket.write(answer);
}

async function agreeOnAllocation(socket: Socket, reader: SocketReader, exportName: string): Promise<number | undefined> {
  socket.write(optionRequest(OPTION.setMetaContext, Buffer.concat([counted(exportName), word(1), counted(ALLOCATION_CONTEXT)])));
  const replies = await optionReplies(reader, OPTION.setMetaContext);
  const context = replies.find((reply) => reply.type === OPTION_REPLY.metaContext);
  if (context === undefined || context.data.length < 4) return undefined;
  return context.data.toString('utf8', 4) === ALLOCATION_CONTEXT ? context.data.readUInt32BE(0) : undefined;
}

async function go(socket: Socket, reader: SocketReader, exportName: string): Promise<{ size: number; maxRequest: number }> {
  const wanted = Buffer.alloc(4);
  wanted.writeUInt16BE(1, 0);
  wanted.writeUInt16BE(INFO.blockSize, 2);
  socket.write(optionRequest(OPTION.go, Buffer.concat([counted(exportName), wanted])));
  let size: number | undefined;
  let maxRequest = DEFAULT_MAX_REQUEST;
  const replies = await optionReplies(reader, OPTION.go);
  for (const { type, data } of replies) {
    if (type !== OPTION_REPLY.info || data.length < 2) continue;
    const info = data.readUInt16BE(0);
    if (info === INFO.export && data.length >= 12) size = Number(data.readBigUInt64BE(2));
    if (info === INFO.blockSize && data.length >= 14) maxRequest = Math.min(data.readUInt32BE(10), DEFAULT_MAX_REQUEST);
  }
  const last = replies.at(-1);
  if (last?.type !== OPTION_REPLY.ack) {
    throw new MigrationError('source-read-failed', `The NBD server refuses the export${reason(last)}.`);
  }
  if (size === undefined || !Number.isSafeInteger(size) || maxRequest < 512) throw broken('it states no usable size');
  return { size, maxRequest };
}

/** All replies to one option, the final one (acknowledgement or refusal) last. */
async function optionReplies(reader: SocketReader, option: number): Promise<readonly OptionReply[]> {
  const replies: OptionReply[] = [];
  while (replies.length < MAX_OPTION_REPLIES) {
    const header = await reader.take(20);
    const length = header.readUInt32BE(16);
    if (header.readBigUInt64BE(0) !== OPTION_REPLY_MAGIC || header.readUInt32BE(8) !== option || length > MAX_CONTROL_BYTES) {
      throw broken('an answer to an option is malformed');
    }
    const type = header.readUInt32BE(12);
    replies.push({ type, data: await reader.take(length) });
    if (type === OPTION_REPLY.ack || type >= OPTION_REFUSED) return replies;
  }
  throw broken('it does not stop answering an option');
}

function optionRequest(option: number, data: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeBigUInt64BE(OPTION_MAGIC, 0);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(data.length, 12);
  return Buffer.concat([header, data]);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([word(bytes.length), bytes]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function reason(reply: OptionReply | undefined): string {
  const text = reply?.data.toString('utf8').slice(0, 200) ?? '';
  return text === '' ? '' : `: ${text}`;
}

/** The error of everything that a correct server never does. */
export function broken(what: string): MigrationError {
  return new MigrationError('source-read-failed', `The NBD server breaks the protocol: ${what}.`);
}
