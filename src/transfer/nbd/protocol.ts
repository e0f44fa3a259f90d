/**
 * Numbers of the NBD protocol (NetworkBlockDevice project, doc/proto.md), newstyle only, all big-endian.
 * Only what a reader needs is here: nothing in this folder can write to an export.
 */

/** First words of the server: `NBDMAGIC`, `IHAVEOPT`. */
export const SERVER_MAGIC = 0x4e42444d41474943n;
export const OPTION_MAGIC = 0x49484156454f5054n;
export const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;

/** Handshake flags; the client answers with the same bits. */
export const FIXED_NEWSTYLE = 1;
export const NO_ZEROES = 2;

export const OPTION = { go: 7, structuredReply: 8, setMetaContext: 10 } as const;

export const OPTION_REPLY = { ack: 1, info: 3, metaContext: 4 } as const;
/** Option replies with this bit are refusals. */
export const OPTION_REFUSED = 0x80000000;

export const INFO = { export: 0, blockSize: 3 } as const;

export const COMMAND = { read: 0, disconnect: 2, blockStatus: 7 } as const;

/** Structured replies: the last chunk of an answer carries `done`; types from 2^15 on are errors. */
export const CHUNK_DONE = 1;
export const CHUNK = { none: 0, offsetData: 1, offsetHole: 2, blockStatus: 5 } as const;
export const CHUNK_ERROR = 0x8000;

/** Status bit of `base:allocation`: reads as zeros. The other one, «not allocated», does not say what a read returns. */
export const STATE_ZERO = 2;
export const ALLOCATION_CONTEXT = 'base:allocation';

/** Largest answer to an option or to block status that is accepted; servers send a few hundred bytes, qemu at most 16 KiB. */
export const MAX_CONTROL_BYTES = 1024 * 1024;
/** What any server must take in one request when it names no other limit. */
export const DEFAULT_MAX_REQUEST = 32 * 1024 * 1024;
