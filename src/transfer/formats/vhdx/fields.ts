/** Fields of VHDX structures. All numbers are little-endian. */

/** A 64-bit number. Above 2^53 it comes out rounded: still huge, and refused by every bound that it is held against. */
export function u64(block: Buffer, at: number): number {
  return Number(block.readBigUInt64LE(at));
}

/** A GUID as Microsoft stores it, the first three groups turned round; in lower case. */
export function guid(block: Buffer, at: number): string {
  const hex = Buffer.from(block.subarray(at, at + 16));
  for (const [from, to] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const) {
    hex.subarray(from, to).reverse();
  }
  return hex.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export const NO_GUID = '00000000-0000-0000-0000-000000000000';
