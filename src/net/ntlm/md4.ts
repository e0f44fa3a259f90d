/** MD4 (RFC 1320). Broken as a hash, but NTLM keys begin with it, and OpenSSL 3 does not bring it any more. */

/** Order in which the rounds take the sixteen words of a block, and by how many bits they turn. */
const ORDER = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
];
const TURNS = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
];
const ADDED = [0, 0x5a827999, 0x6ed9eba1];

/** The 16 bytes of the digest. */
export function md4(message: Uint8Array): Buffer {
  const padded = Buffer.alloc((((message.length + 8) >> 6) + 1) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8);

  let state: readonly [number, number, number, number] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < padded.length; at += 64) state = mixed(state, padded, at);
  const digest = Buffer.alloc(16);
  for (const [index, word] of state.entries()) digest.writeInt32LE(word | 0, index * 4);
  return digest;
}

function mixed(
  state: readonly [number, number, number, number],
  block: Buffer,
  at: number,
): readonly [number, number, number, number] {
  let [a, b, c, d] = state;
  for (const [round, order] of ORDER.entries()) {
    for (const [step, word] of order.entries()) {
      const sum = (a + chosen(round, b, c, d) + block.readInt32LE(at + word * 4) + (ADDED[round] ?? 0)) | 0;
      const turn = TURNS[round]?.[step & 3] ?? 0;
      [a, d, c, b] = [d, c, b, (sum << turn) | (sum >>> (32 - turn))];
    }
  }
  return [(a + state[0]) | 0, (b + state[1]) | 0, (c + state[2]) | 0, (d + state[3]) | 0];
}

function chosen(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (b & c) | (b & d) | (c & d);
  return b ^ c ^ d;
}
