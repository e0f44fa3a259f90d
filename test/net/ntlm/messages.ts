/** Messages of a server, put together byte by byte for tests. */
const AV_END = Buffer.alloc(4);

/** A challenge of SERVER in DOMAIN with the server challenge 0123456789abcdef. */
export function challengeMessage({ timestamp, without = 0 }: { timestamp?: bigint; without?: number }): Buffer {
  const pairs = [pair(2, Buffer.from('DOMAIN', 'utf16le')), pair(1, Buffer.from('SERVER', 'utf16le'))];
  if (timestamp !== undefined) {
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(timestamp);
    pairs.push(pair(7, time));
  }
  const info = Buffer.concat([...pairs, AV_END]);
  const head = Buffer.alloc(56);
  head.write('NTLMSSP\0', 'latin1');
  head.writeUInt32LE(2, 8);
  head.writeUInt32LE(56, 16);
  head.writeUInt32LE((0xe28a8233 & ~without) >>> 0, 20);
  head.write('0123456789abcdef', 24, 'hex');
  head.writeUInt16LE(info.length, 40);
  head.writeUInt16LE(info.length, 42);
  head.writeUInt32LE(56, 44);
  return Buffer.concat([head, info]);
}

function pair(id: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

/** What a field of an NTLM message points to. */
export function fieldOf(message: Buffer, at: number): Buffer {
  const from = message.readUInt32LE(at + 4);
  return message.subarray(from, from + message.readUInt16LE(at));
}

export interface Parts {
  readonly state?: number;
  /** DER of an object identifier. */
  readonly mechanism?: Buffer;
  readonly token?: Buffer;
  readonly mic?: Buffer;
}

/** `negTokenResp` of RFC 4178. */
export function negTokenResp({ state, mechanism, token, mic }: Parts): Buffer {
  const fields = [
    state === undefined ? undefined : der(0xa0, der(0x0a, Buffer.of(state))),
    mechanism === undefined ? undefined : der(0xa1, mechanism),
    token === undefined ? undefined : der(0xa2, der(0x04, token)),
    mic === undefined ? undefined : der(0xa3, der(0x04, mic)),
  ].filter((field) => field !== undefined);
  return der(0xa1, der(0x30, Buffer.concat(fields)));
}

/** With a length of two bytes, which is longer than need be and allowed to us. */
function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag, 0x82, content.length >> 8, content.length & 0xff), content]);
}
